"""Every HTTP body of this run, judged by Discord's own description of its API."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.cogs.conftest import Town, simcord_bot, town  # noqa: F401 - fixtures
from tests.wire import judged

DESCRIPTION = Path(__file__).parents[3] / "shared" / "discord" / "openapi.json"
pytestmark = [pytest.mark.simcord(shard_count=1)]


def described() -> dict[str, Any]:
    if not DESCRIPTION.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{DESCRIPTION} must be there in CI")
        pytest.skip("Discord's API description is not at hand (../shared/discord/openapi.json)")
    return json.loads(DESCRIPTION.read_text("utf-8"))  # type: ignore[no-any-return]


class Judge:
    """Finds the schema of a request and holds its body against it."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._description = description
        self._registry = Registry().with_resource("urn:discord", Resource(description, DRAFT202012))
        self._routes = [(self._pattern(path), path) for path in description["paths"]]

    @staticmethod
    def _pattern(path: str) -> re.Pattern[str]:
        parts = re.split(r"(\{\w+\})", path)
        return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))

    def route(self, method: str, path: str) -> str:
        """The described path of a request; one without placeholders wins over one with."""
        fitting = [
            route
            for pattern, route in self._routes
            if pattern.fullmatch(path) and method.lower() in self._description["paths"][route]
        ]
        assert fitting, f"Discord describes no {method} {path}"
        return min(fitting, key=lambda route: route.count("{"))

    @cache  # noqa: B019 - one judge a run
    def _validator(self, method: str, route: str) -> jsonschema.Draft202012Validator:
        escaped = route.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
        content = self._description["paths"][route][method.lower()]["requestBody"]["content"]
        assert "application/json" in content
        pointer = f"urn:discord#/paths/{escaped}/{method.lower()}/requestBody/content/application~1json/schema"
        return jsonschema.Draft202012Validator({"$ref": pointer}, registry=self._registry)

    def faults(self, method: str, path: str, body: Any) -> list[str]:
        route = self.route(method, path)
        sent = json.loads(json.dumps(body), object_hook=_snowflakes)
        return [
            f"{method} {route} at {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in self._validator(method, route).iter_errors(sent)
        ]


def _snowflakes(found: dict[str, Any]) -> dict[str, Any]:
    """discord.py writes a direct message's recipient as a number, which Discord takes though it describes a string."""
    if isinstance(found.get("recipient_id"), int):
        found["recipient_id"] = str(found["recipient_id"])
    return found


def test_the_judge_refuses_what_is_wrong() -> None:
    judge = Judge(described())
    assert judge.faults("POST", "/channels/1/messages", {"content": "x"}) == []
    assert judge.faults("POST", "/channels/1/messages", {"content": 3}) != []
    assert judge.faults("POST", "/channels/1/messages", {"content": "x" * 4001}) != []
    wrong = {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x" * 81, "custom_id": "x"}]}]}
    assert judge.faults("POST", "/channels/1/messages", wrong) != []


async def test_every_body_is_as_discord_describes_it(town: Town) -> None:  # noqa: F811
    judge = Judge(described())
    await town.set_up()
    await town.boss.slash(town.channel, "digest post")
    found = await town.alex.slash(town.channel, "papers keyword", text="model")
    await town.alex.click(found.response, label="Next")
    await town.alex.click(found.response, label="Share in this channel")
    await town.alex.autocomplete(town.channel, "papers author", "name", "a")
    await town.alex.slash(town.channel, "subscribe keyword", text="model")
    await town.alex.click(town.posts()[0], label="Follow a keyword")
    await town.bring("2025-12-31")
    judged.collect(town.env.http_requests)
    faults = [fault for request in judged.bodies for fault in judge.faults(*request)]
    assert not faults, "\n".join(dict.fromkeys(faults))
    kinds = Counter((method, judge.route(method, path)) for method, path, _ in judged.bodies)
    print(f"{len(judged.bodies)} bodies of {len(kinds)} kinds judged: {dict(kinds)}")
    assert len(kinds) >= 5
