"""The routes of Discord's HTTP API that the bot asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.wire.places import (
    APPLICATION_ID,
    BOT,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    THREAD_LOCKED,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    Channel,
    Message,
)
from tests.wire.refused import Refused

if TYPE_CHECKING:
    from tests.wire.serving import Serving

MAX_NONCE = 25
CREATE_MESSAGE = "POST /channels/{channel}/messages"


@dataclass(frozen=True)
class Call:
    """``now`` is the event loop's time when it came."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    now: float


@dataclass(frozen=True)
class Answer:
    """``made`` is the message that is there since."""

    body: Any
    status: int = 200
    made: Message | None = None


Handler = Callable[["Serving", Call], Answer]


@dataclass(frozen=True)
class Route:
    """``exempt``: it asks for no token and counts for no rate limit, as the answers to interactions."""

    name: str
    method: str
    pattern: re.Pattern[str]
    exempt: bool
    handler: Handler


ROUTES: list[Route] = []


def route(name: str, *, exempt: bool = False) -> Callable[[Handler], Handler]:
    method, path = name.split()

    def take(handler: Handler) -> Handler:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        ROUTES.append(Route(name, method, pattern, exempt, handler))
        return handler

    return take


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for each in ROUTES:
        if each.method == method and (match := each.pattern.fullmatch(path)):
            return each, match.groupdict()
    return None


def refuse(server: Serving, name: str, params: Mapping[str, str]) -> None:
    """Raises where Discord refuses whatever is asked of this channel."""
    if "channel" not in params:
        return
    channel = server.channels.get(int(params["channel"]))
    if channel is None:
        raise Refused(*UNKNOWN_CHANNEL)
    if channel.id in server.dead:
        raise Refused(*server.dead[channel.id])
    if not channel.may("view_channel"):
        raise Refused(*MISSING_ACCESS)
    may_send = "send_messages_in_threads" if channel.parent else "send_messages"
    if name == CREATE_MESSAGE and channel.closed:
        raise Refused(*THREAD_LOCKED)
    if name == CREATE_MESSAGE and not channel.may(may_send):
        raise Refused(*MISSING_PERMISSIONS)


def _channel(server: Serving, call: Call) -> Channel:
    return server.channels[int(call.params["channel"])]


def _message(server: Serving, call: Call) -> Message:
    message = server.messages.get(int(call.params["message"]))
    if message is None or message.ephemeral or message.channel is not _channel(server, call):
        raise Refused(*UNKNOWN_MESSAGE)
    return message


@route("GET /users/@me")
def me(_server: Serving, _call: Call) -> Answer:
    return Answer(BOT.payload())


@route("GET /oauth2/applications/@me")
def application(server: Serving, _call: Call) -> Answer:
    known = {
        "id": str(APPLICATION_ID),
        "name": BOT.name,
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "team": None,
        "owner": server.owner.payload(),
    }
    return Answer(known)


@route("GET /gateway/bot")
def gateway(server: Serving, _call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return Answer({"url": server.gateway.url, "shards": 1, "session_start_limit": limit})


@route("PUT /applications/{application}/commands")
def put_commands(server: Serving, call: Call) -> Answer:
    given = {"application_id": call.params["application"], "version": "1"}
    server.commands = [
        {"type": 1, "description": "", **command, "id": str(600_000_000_000_000_000 + number), **given}
        for number, command in enumerate(call.body)
    ]
    return Answer(server.commands)


@route("POST /users/@me/channels")
def open_conversation(server: Serving, call: Call) -> Answer:
    user = server.users.get(int(call.body["recipient_id"]))
    if user is None or user.bot:
        raise Refused(400, 50033, "Invalid Recipient(s)")
    if user.id in server.dead:
        raise Refused(*server.dead[user.id])
    return Answer(server.dm(user).payload())


@route("GET /channels/{channel}")
def get_channel(server: Serving, call: Call) -> Answer:
    return Answer(_channel(server, call).payload())


@route(CREATE_MESSAGE)
def create_message(server: Serving, call: Call) -> Answer:
    channel, body = _channel(server, call), call.body
    nonce = body.get("nonce")
    if nonce is not None and len(str(nonce)) > MAX_NONCE:
        wrong = {"code": "BASE_TYPE_BAD_LENGTH", "message": f"Must be {MAX_NONCE} or fewer in length."}
        raise Refused(400, 50035, "Invalid Form Body", errors={"nonce": {"_errors": [wrong]}})
    if not (body.get("content") or body.get("components") or body.get("embeds")):
        raise Refused(400, 50006, "Cannot send an empty message")
    if nonce is not None and body.get("enforce_nonce"):
        first = server.nonces.get((channel.id, str(nonce)))
        if first is not None and call.now - first.made < server.nonce_seconds:
            return Answer(first.payload)
    message = server.make(channel, body, call.now)
    if nonce is not None:
        server.nonces[channel.id, str(nonce)] = message
    return Answer(message.payload, made=message)


@route("GET /channels/{channel}/messages")
def history(server: Serving, call: Call) -> Answer:
    channel = _channel(server, call)
    if not channel.may("read_message_history"):
        return Answer([])
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise Refused(400, 50035, "Invalid Form Body")
    found = channel.messages
    if "before" in call.query:
        found = [message for message in found if message.id < int(call.query["before"])]
    elif "after" in call.query:
        # Discord gives the oldest of those after it.
        found = [message for message in found if message.id > int(call.query["after"])][:limit]
    elif "around" in call.query:
        middle = int(call.query["around"])
        older = [message for message in found if message.id < middle][-(limit // 2) :]
        newer = [message for message in found if message.id >= middle][: limit - len(older)]
        found = older + newer
    return Answer([message.payload for message in reversed(found[-limit:])])


@route("GET /channels/{channel}/messages/{message}")
def get_message(server: Serving, call: Call) -> Answer:
    if not _channel(server, call).may("read_message_history"):
        raise Refused(*MISSING_ACCESS)
    return Answer(_message(server, call).payload)


@route("PATCH /channels/{channel}/messages/{message}")
def edit_message(server: Serving, call: Call) -> Answer:
    message = _message(server, call)
    server.edit(message, call.body)
    return Answer(message.payload)


@route("POST /interactions/{interaction}/{token}/callback", exempt=True)
def callback(server: Serving, call: Call) -> Answer:
    said = server.interactions.callback(int(call.params["interaction"]), call.params["token"], call.body, call.now)
    if call.query.get("with_response") in ("1", "true"):
        return Answer(said)
    return Answer(None, 204)


@route("GET /webhooks/{application}/{token}/messages/@original", exempt=True)
def get_original(server: Serving, call: Call) -> Answer:
    return Answer(server.interactions.original(call.params["token"]).payload)


@route("PATCH /webhooks/{application}/{token}/messages/@original", exempt=True)
def edit_original(server: Serving, call: Call) -> Answer:
    return Answer(server.interactions.edit(call.params["token"], call.body, call.now).payload)


@route("POST /webhooks/{application}/{token}", exempt=True)
def follow_up(server: Serving, call: Call) -> Answer:
    return Answer(server.interactions.follow_up(call.params["token"], call.body, call.now).payload)
