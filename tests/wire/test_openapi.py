"""Every HTTP body of this run, judged by Discord's own description of its API."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cogs.conftest import Town, empty, more_sources, simcord_bot, town  # noqa: F401 - fixtures
from tests.wire import judged
from tests.wire.judge import Bodies, Judge, described

pytestmark = [pytest.mark.simcord(shard_count=1)]


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
    sent, kinds = Bodies(), Counter[tuple[str, str]]()
    for method, path, body in judged.bodies:
        route = judge.route(method, path)
        sent.take(method, route, path, body)
        kinds[method, route] += 1
    faults = sent.faults()
    assert not faults, "\n".join(dict.fromkeys(faults))
    print(f"{len(judged.bodies)} bodies of {len(kinds)} kinds judged: {dict(kinds)}")
    assert len(kinds) >= 5
