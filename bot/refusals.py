"""What Discord's refusals mean: to the ledger, and to the person who can do something about it."""

from __future__ import annotations

import discord

from bot.language import message
from storage.models import Reason

# Discord, JSON Error Codes.
_CODES = {
    10003: Reason.CHANNEL_GONE,
    10004: Reason.SERVER_LEFT,
    10013: Reason.DMS_CLOSED,  # unknown user
    50001: Reason.NO_ACCESS,
    50007: Reason.DMS_CLOSED,
    50008: Reason.CHANNEL_GONE,  # no text channel any more
    50013: Reason.NO_PERMISSION,
    50083: Reason.THREAD_CLOSED,
    50278: Reason.DMS_CLOSED,  # no server in common
    160005: Reason.THREAD_CLOSED,
}
_TOO_MANY_EDITS = 30046
"""Of a message that is older than an hour (Discord, JSON Error Codes)."""
MENDABLE = frozenset({Reason.NO_ACCESS, Reason.NO_PERMISSION, Reason.THREAD_CLOSED})
"""What an admin may mend in the settings of a channel; the bot sees it, and goes on."""
SENTENCES = {
    Reason.CHANNEL_GONE: message("The channel is gone. Set another one up with /digest setup."),
    Reason.SERVER_LEFT: message("I was removed from the server."),
    Reason.NO_ACCESS: message("I cannot see the channel. Let me view it, and I go on."),
    Reason.NO_PERMISSION: message("I may not send messages there. Let me, and I go on."),
    Reason.THREAD_CLOSED: message("The thread is locked or archived. Open it again, and I go on."),
    Reason.DMS_CLOSED: message("Direct messages are closed to me."),
    Reason.REFUSED: message("Discord refused it ({why}). /digest post tries again at once."),
    Reason.UNREACHED: message("Discord could not be reached. I try again."),
    Reason.NOT_DRAWN: message("I could not draw it; it is in my log. I try again."),
    Reason.UNCONFIRMED: message(
        "It was begun, and I cannot tell whether it is there. So that nothing is posted twice, I do not send it again. "
        "Let me read the message history, and I look."
    ),
    Reason.TOO_OLD: message("It could not be sent for days, and is not news any more."),
    Reason.FEW_VOTES: message("No paper had enough votes."),
    Reason.WITHDRAWN: message("It was taken back before it was sent."),
    Reason.READ: message("It was read by /subscriptions."),
}
"""What an admin is told, by the reason; ``why`` is Discord's own word."""


def target_refused(error: discord.HTTPException) -> Reason | None:
    """Why Discord takes nothing for this target; None where the refusal is not about the target."""
    if reason := _CODES.get(error.code):
        return reason
    # Without a code it is not Discord that speaks, but something on the way to it.
    return Reason.REFUSED if error.status == 403 and error.code else None


def edit_refused(error: discord.HTTPException) -> bool:
    """Whether Discord would refuse the edit of a message again: it was deleted, is too old for another one, or is not
    what Discord takes. The channel may be well."""
    passing = error.status in (401, 429) or error.status >= 500
    return error.code == _TOO_MANY_EDITS or not (passing or error.code in _CODES)


def is_certain(error: discord.HTTPException) -> bool:
    """Whether Discord surely made no message. After a server error it may have."""
    return error.status < 500


def why(error: BaseException) -> str:
    """Discord's own word on an error, for the ledger."""
    if isinstance(error, discord.HTTPException):
        return f"{error.code or error.status}: {error.text}"[:200]
    return (str(error) or type(error).__name__)[:200]
