"""The command ``paperboy``, also as ``python -m bot``."""

from __future__ import annotations

import sys

from bot.errors import PaperboyError


def main() -> None:
    """Runs what the command line asks for."""
    if sys.argv[1:] == ["run"]:
        # Without typer and rich, which a bot that runs would keep in memory for nothing.
        from bot.running import run as command
    else:
        from bot.cli import app as command
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
