"""Files that come with a message (Discord, API Reference: Uploading Files, Editing Message Attachments)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from tests.wire.refused import Refused

INVALID = (400, 50035, "Invalid Form Body")
Files = dict[str, tuple[int, bytes]]
"""What is attached to a message: id and content by name."""


async def read(incoming: web.Request) -> tuple[Any, dict[int, bytes]]:
    """The body of a request, and the files beside it by their number."""
    if incoming.content_type != "multipart/form-data":
        raw = await incoming.read()
        return (json.loads(raw) if raw else None), {}
    form = await incoming.post()
    files: dict[int, bytes] = {}
    for name, part in form.items():
        if found := re.fullmatch(r"files\[(\d+)\]", name):
            assert isinstance(part, web.FileField)
            files[int(found[1])] = part.file.read()
    return json.loads(str(form["payload_json"])), files


def given(body: Any, files: Mapping[int, bytes]) -> Any:
    """The body with each file in the attachment that names its number, as ``uploaded``."""
    if not files:
        return body
    message = body.get("data", body)
    named = {int(one["id"]) for one in message.get("attachments", ())}
    if missing := files.keys() - named:
        raise Refused(*INVALID, errors={"attachments": f"files {missing} are not named"})
    attachments = [
        one | ({"uploaded": files[int(one["id"])]} if int(one["id"]) in files else {}) for one in message["attachments"]
    ]
    message = message | {"attachments": attachments}
    return body | {"data": message} if "data" in body else message


def attached(held: Files, body: Mapping[str, Any], next_id: Callable[[], int]) -> Files:
    """What is attached to a message from now on: what is named, or all that was where nothing is said."""
    if body.get("attachments") is None:
        return held
    known = {str(attachment_id): name for name, (attachment_id, _) in held.items()}
    files: Files = {}
    for one in body["attachments"]:
        if "uploaded" in one:
            files[one["filename"]] = next_id(), one["uploaded"]
        elif str(one["id"]) in known:
            files[known[str(one["id"])]] = held[known[str(one["id"])]]
        else:
            raise Refused(*INVALID, errors={"attachments": f"{one['id']} is unknown"})
    return files


def referred(found: Any, files: Files) -> Any:
    """Components, with the addresses of files in place of what refers to them by name."""
    if isinstance(found, list):
        return [referred(each, files) for each in found]
    if not isinstance(found, dict):
        return found
    url = found.get("url")
    if isinstance(url, str) and url.startswith("attachment://"):
        name = url.removeprefix("attachment://")
        if name not in files:
            raise Refused(*INVALID, errors={"components": "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"})
        address = f"https://cdn.discordapp.com/attachments/1/{files[name][0]}/{name}"
        return found | {"url": address, "proxy_url": address, "attachment_id": str(files[name][0])}
    return {key: referred(value, files) for key, value in found.items()}
