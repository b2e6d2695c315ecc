"""Everything that Paperboy raises on purpose.

    PaperboyError
    ├── ConfigurationError      config.toml or the environment says something that cannot be used
    ├── DatabaseError           the database cannot be opened, read or written, or is not Paperboy's
    ├── SourceError             a path that holds no digests, or cannot be read
    │   └── FetchError          an address that gives no answer, or none that can be used
    └── UserError               something a person typed or pressed; its text is for that person
        ├── NotUnderstoodError  a date, time, time zone or keyword that says nothing
        ├── NotFoundError       well-formed, but not held
        ├── NotAllowedError     the person or the bot lacks a permission
        └── LimitError          more than is allowed

A SourceError and a UserError carry a message of the catalogue and its values, so that they can be spoken in the
reader's language.
"""

from __future__ import annotations

from datetime import timedelta

from storage.models import Sentence


class PaperboyError(Exception):
    """The root of the tree."""


class ConfigurationError(PaperboyError):
    """A setting that cannot be used; the message names its key."""


class DatabaseError(PaperboyError):
    """A database that cannot be opened, migrated, read, written or copied; the message says what to do."""


class SourceError(PaperboyError):
    """A source of digests that cannot be read at all. ``message`` is an English msgid with ``{names}`` for ``values``;
    ``why`` is both."""

    def __init__(self, message: str, **values: object) -> None:
        self.why = Sentence(message, {name: str(value) for name, value in values.items()})
        super().__init__(str(self.why))


class FetchError(SourceError):
    """An address that cannot be fetched. ``status`` is what its server answered, ``wait`` how long it wishes to be left
    alone; None where it said nothing. ``lasting``: another try would come to the same."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        wait: timedelta | None = None,
        lasting: bool = False,
        **values: object,
    ) -> None:
        super().__init__(message, **values)
        self.status = status
        self.wait = wait
        self.lasting = lasting


class UserError(PaperboyError):
    """Said to the person who asked. ``message`` is an English msgid with ``{names}`` for ``values``."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message.format(**values))
        self.message = message
        self.values = values


class NotUnderstoodError(UserError):
    """What was typed cannot be read."""


class NotFoundError(UserError):
    """What was asked for is not held."""


class NotAllowedError(UserError):
    """A permission is missing."""


class LimitError(UserError):
    """A limit was reached."""
