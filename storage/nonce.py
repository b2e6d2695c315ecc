"""The nonce of a delivery, by which Discord knows the same message when it is sent again."""

from __future__ import annotations

from datetime import date

from storage.models import DeliveryKind, Subscriber

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def nonce(target: Subscriber, target_id: int, kind: DeliveryKind, day: date, part: int) -> str:
    """At most 25 characters (Discord), the same for the same delivery even in a database made anew: Discord gives the
    first message again for a nonce that it has seen from the bot lately."""
    return f"{target[0]}{kind[0]}{day:%y%m%d}{_base36(target_id)}" + (f".{_base36(part)}" if part else "")


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits
