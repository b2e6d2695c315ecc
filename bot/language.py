"""The languages that Paperboy speaks: gettext catalogues in ``locales/``, dates by Babel.

English is the catalogue's own language. A translator opens ``locales/ko/LC_MESSAGES/paperboy.po``; it is compiled when
it is first needed.
"""

from __future__ import annotations

import gettext
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_decimal

ENGLISH = "en"
KOREAN = "ko"
CODES = (ENGLISH, KOREAN)

_LOCALES = Path(__file__).parent / "locales"


def message(text: str) -> str:
    """Marks a message for the catalogues where it is written, to be spoken elsewhere."""
    return text


class Language:
    """One language. ``code`` is its ISO 639 code."""

    def __init__(self, code: str, catalogue: gettext.NullTranslations) -> None:
        self.code = code
        self._locale = Locale(code)
        self._catalogue = catalogue
        # Babel takes a tenth of a millisecond for one, and there are hundreds to look through at each key.
        self._cities: dict[str, str] = {}

    def text(self, message: str, **values: object) -> str:
        """The message in this language, with ``{names}`` filled in."""
        return self._catalogue.gettext(message).format(**values)

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        """The message for ``number``, which it may name ``{n}``."""
        return self._catalogue.ngettext(one, many, number).format(n=self.number(number), **values)

    def command(self, part: str, text: str) -> str | None:
        """What a ``part`` of a command (command, option, choice, description) is called; None where that is unknown."""
        translated = self._catalogue.pgettext(part, text)
        return None if translated == text else translated

    def day(self, day: date) -> str:
        """A date with its weekday: Friday, 21 June 2024; 2024년 6월 21일 금요일."""
        return _date(day, "EEEE, d MMMM y" if self.code == ENGLISH else "full", self.code)

    def short_day(self, day: date) -> str:
        """A date without weekday and year, in letters that any font has: 21 Jun; 6. 21."""
        return _date(day, "d MMM" if self.code == ENGLISH else "M. d.", self.code)

    def month(self, first: date) -> str:
        """A month: June 2024; 2024년 6월."""
        return format_date(first, "MMMM y" if self.code == ENGLISH else "y년 MMMM", locale=self._locale)

    def number(self, number: int) -> str:
        """A whole number with its separators."""
        return _number(number, self.code)

    def city(self, timezone: str) -> str:
        """The city that a time zone is known by."""
        if timezone not in self._cities:
            self._cities[timezone] = get_timezone_location(timezone, locale=self._locale, return_city=True)
        return self._cities[timezone]


# The same few are written again and again, and Babel takes longer over one than a database over a paper.
@lru_cache(maxsize=5_000)
def _date(day: date, form: str, code: str) -> str:
    return format_date(day, form, locale=code)


@lru_cache(maxsize=5_000)
def _number(number: int, code: str) -> str:
    return format_decimal(number, locale=code)


@cache
def language(code: str) -> Language:
    """The language of a Discord locale or ISO 639 code, such as ``ko`` or ``en-GB``; English for those not spoken."""
    code = code.partition("-")[0]
    if code not in CODES:
        code = ENGLISH
    if code == ENGLISH:
        return Language(code, gettext.NullTranslations())
    from babel.messages.mofile import write_mo  # As the catalogue itself: when somebody is spoken to.
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with _catalogue(code).open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Language(code, gettext.GNUTranslations(compiled))


def catalogues() -> bytes:
    """All that the catalogues say, as it is written, by which it is seen whether they have changed."""
    return b"".join(_catalogue(code).read_bytes() for code in CODES if code != ENGLISH)


def _catalogue(code: str) -> Path:
    return _LOCALES / code / "LC_MESSAGES" / "paperboy.po"
