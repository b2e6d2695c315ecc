"""The names and descriptions of commands, in the languages that Paperboy speaks."""

from __future__ import annotations

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.language import KOREAN, language

_PARTS = {
    Location.command_name: "command",
    Location.group_name: "command",
    Location.command_description: "description",
    Location.group_description: "description",
    Location.parameter_name: "option",
    Location.parameter_description: "description",
    Location.choice_name: "choice",
}


class CatalogueTranslator(app_commands.Translator):
    """Translates commands by the catalogues; English is what the code says."""

    async def translate(
        self, string: app_commands.locale_str, locale: Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        part = _PARTS.get(context.location)
        return language(locale.value).command(part, string.message) if part and locale.value == KOREAN else None
