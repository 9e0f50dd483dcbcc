"""How every command introduces itself: a summary, and examples under its help."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter, _SubParsersAction

from core.i18n import Reader


def add_command(
    commands: "_SubParsersAction[ArgumentParser]", name: str, summary: str, reader: Reader, *examples: str
) -> ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=epilog(reader, *examples),
        formatter_class=RawDescriptionHelpFormatter,
    )


def epilog(reader: Reader, *examples: str) -> str:
    return "\n  ".join((reader("Examples:"), *(f"python -m core {example}" for example in examples)))
