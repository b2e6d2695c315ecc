"""What a person sees of a message, and where they press."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def parts(message: Any) -> Iterator[dict[str, Any]]:
    """Every component of a message, nested ones too."""

    def walk(components: list[Any]) -> Iterator[dict[str, Any]]:
        for component in components:
            part = component if isinstance(component, dict) else component.to_dict()
            yield part
            yield from walk(part.get("components") or [])
            yield from walk([part["accessory"]] if part.get("accessory") else [])

    yield from walk(message.components)


def text(message: Any) -> str:
    """All the text."""
    return "\n".join(part["content"] for part in parts(message) if part["type"] == 10)


def labels(message: Any) -> list[str]:
    """The labels of the buttons."""
    return [part["label"] for part in parts(message) if part["type"] == 2]


def options(message: Any) -> list[tuple[str, str]]:
    """(label, value) of the options of the menus."""
    return [
        (option["label"], option["value"])
        for part in parts(message)
        if part["type"] == 3
        for option in part.get("options", [])
    ]


def pictures(message: Any) -> list[str]:
    """The addresses of the thumbnails."""
    return [part["media"]["url"] for part in parts(message) if part["type"] == 11]


def media(message: Any) -> list[str]:
    """The addresses in the galleries."""
    return [item["media"]["url"] for part in parts(message) if part["type"] == 12 for item in part["items"]]
