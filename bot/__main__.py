"""The command ``paperboy``, also as ``python -m bot``."""

from __future__ import annotations

import gc
import sys

from bot.errors import PaperboyError


def main() -> None:
    """Runs what the command line asks for."""
    # What is imported stays: to look through it for garbage, again and again as it grows, took a tenth of the start,
    # and would hold up an answer for as much as a tenth of a second now and then.
    gc.disable()
    if sys.argv[1:] == ["run"]:
        # Without typer and rich, which a bot that runs would keep in memory for nothing.
        from bot.running import run as command
    else:
        from bot.cli import app as command
    gc.freeze()
    gc.enable()
    try:
        command()
    except PaperboyError as error:
        from rich.console import Console
        from rich.text import Text

        from bot.text import printable

        said = Text.assemble(("✗", "red"), f" {printable(str(error))}")
        Console(stderr=True, highlight=False).print(said, soft_wrap=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
