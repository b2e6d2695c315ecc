"""Discord's own description of its API, and what it says of a request's body."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DESCRIPTION = Path(__file__).parents[3] / "shared" / "discord" / "openapi.json"


def described() -> dict[str, Any]:
    """Discord's description; the test that asks is skipped where it is not at hand, except in CI."""
    if not DESCRIPTION.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{DESCRIPTION} must be there in CI")
        pytest.skip("Discord's API description is not at hand (../shared/discord/openapi.json)")
    return json.loads(DESCRIPTION.read_text("utf-8"))  # type: ignore[no-any-return]


@cache
def judge() -> Judge | None:
    """The judge of this run; None where the description is not at hand."""
    return Judge(described()) if DESCRIPTION.exists() or os.environ.get("CI") else None


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
    """discord.py writes a direct message's recipient and a file's place as numbers, which Discord takes though it
    describes strings; its own example of an upload has one (API Reference, Uploading Files)."""
    if isinstance(found.get("recipient_id"), int):
        found["recipient_id"] = str(found["recipient_id"])
    if "filename" in found and isinstance(found.get("id"), int):
        found["id"] = str(found["id"])
    return found


class Bodies:
    """What was sent, once each; judged when asked, for judging is slow."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str, str], tuple[str, Any]] = {}
        self._judged: dict[tuple[str, str, str], list[str]] = {}

    def take(self, method: str, route: str, path: str, body: Any) -> None:
        """Bodies that differ in their nonce or in the marks in their ids alone are one."""
        kept = {key: value for key, value in body.items() if key != "nonce"} if isinstance(body, dict) else body
        self._sent.setdefault((method, route, _MARKS.sub(_blank, json.dumps(kept))), (path, body))

    def faults(self) -> list[str]:
        held = judge()
        if held is None:
            return []
        for key, (path, body) in self._sent.items():
            if key not in self._judged:
                self._judged[key] = held.faults(key[0], path, body)
        return [fault for faults in self._judged.values() for fault in faults]


_MARKS = re.compile(r'(?<="custom_id": ")[^"]*')


def _blank(found: re.Match[str]) -> str:
    """Digits give way, and the length stays."""
    return re.sub(r"[0-9a-f]{8,}|\d", lambda mark: "0" * len(mark[0]), found[0])
