"""The command line, `python -m core`: the small door, for whoever runs the server."""

import getpass
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from core.acting import Actor, act_as
from core.commands import backup, demo, export, limit, reconcile, status, token, user
from core.commands.parsers import epilog
from core.errors import Problem, explain
from core.i18n import Reader
from core.settings import SettingsError

INTERRUPTED = 130  # as a shell says it
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 after one sentence on standard error, 2 for a wrong usage."""
    reader = _reader()
    act_as(Actor(login=_account(), door="terminal"))
    options = _parser(reader).parse_args(arguments)
    try:
        result: int = options.run(options, reader)
        sys.stdout.flush()
    except Problem as problem:
        print(explain(reader, problem.code, problem.params), file=sys.stderr)
    except SettingsError as error:
        print(error, file=sys.stderr)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        print(reader("The database cannot be used: {reason}", reason=reason), file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read it went away; the interpreter would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    else:
        return result
    return 1


def _parser(reader: Reader) -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m core",
        description=reader("Look after an Imagier from the command line."),
        epilog=epilog(reader, "user add ada --name 'Ada Lovelace' --type admin", "status"),
        formatter_class=RawDescriptionHelpFormatter,
    )
    subjects = parser.add_subparsers(metavar=reader("COMMAND"), required=True)
    for subject in (user, token, limit, export, reconcile, backup, status, demo):
        subject.add_to(subjects, reader)
    return parser


def _account() -> str:
    """Who sits at the terminal, as the machine calls them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _reader() -> Reader:
    """The language of the environment, as POSIX orders the variables."""
    wishes = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    wish = next((wish for wish in wishes if wish), "").partition(".")[0]
    return Reader(wish, region=wish)


if __name__ == "__main__":
    sys.exit(main())
