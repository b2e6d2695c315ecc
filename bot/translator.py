"""The names and descriptions of commands, in the languages that Paperboy speaks."""

from __future__ import annotations

from discord import Locale, app_commands

from bot.language import KOREAN, language


class CatalogueTranslator(app_commands.Translator):
    """Translates commands by the catalogues; English is what the code says."""

    async def translate(
        self, string: app_commands.locale_str, locale: Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        return language(locale.value).command(string.message) if locale.value == KOREAN else None
