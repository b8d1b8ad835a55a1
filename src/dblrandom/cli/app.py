"""The command ``dblrandom`` as a whole: its commands, and what becomes of every error."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from dblrandom import __version__
from dblrandom.adapters.files import os_error
from dblrandom.cli import exits
from dblrandom.cli.adopt import adopt
from dblrandom.cli.answer import print_json
from dblrandom.cli.beacon import beacon
from dblrandom.cli.commit import commit
from dblrandom.cli.demo import demo
from dblrandom.cli.draw import draw
from dblrandom.cli.explain import explain
from dblrandom.cli.keygen import keygen
from dblrandom.cli.log import log
from dblrandom.cli.options import SECONDS
from dblrandom.cli.plan import plan
from dblrandom.cli.plugins import plugins
from dblrandom.cli.pubkey import pubkey
from dblrandom.cli.publish import publish
from dblrandom.cli.result import result
from dblrandom.cli.reveal import reveal
from dblrandom.cli.roster import roster
from dblrandom.cli.schema import schema
from dblrandom.cli.screen import note, safe
from dblrandom.cli.seal import seal
from dblrandom.cli.secret import secret
from dblrandom.cli.show import show
from dblrandom.cli.sign import sign
from dblrandom.cli.source import source
from dblrandom.cli.substitute import substitute
from dblrandom.cli.timestamp import timestamp
from dblrandom.cli.trust import trust
from dblrandom.cli.unseal import unseal
from dblrandom.cli.verify import verify
from dblrandom.cli.void import void
from dblrandom.cli.witness import witness
from dblrandom.errors import Branch, DblrandomError, NotYetPublic, VerificationError

__all__ = ["Cli", "cli"]

_TELL, _REPEAT = Branch.BAD_INPUT.value, Branch.UNAVAILABLE.value
_INTERRUPTED = "interrupted; the next step finishes or undoes what was begun"


class Cli(click.Group):
    """The top of the command line: every error becomes one line and an exit code."""

    def run(self, arguments: Sequence[str], **extra: Any) -> int:
        """Run the command line with these arguments and return the exit code."""
        with contextlib.suppress(AttributeError, ValueError):
            sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        as_json = "--json" in arguments
        extra["standalone_mode"] = False
        try:
            code = super().main(args=list(arguments), prog_name="dblrandom", **extra)
            sys.stdout.flush()
        except SystemExit as stopped:
            # click leaves this way where nobody reads the output any more, with a code that means something else here.
            return exits.DONE if stopped.code in (0, None) else exits.ERROR
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return exits.ERROR
        except OSError as error:
            if error.filename is not None:
                told = f"{error.filename}: cannot be read or written: {error.strerror or type(error).__name__}"
                return _failed(os_error(error, told), as_json)
            # What has no name is stdout, which alone is written outside the library.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _fail("FolderError", f"stdout: cannot write to it: {error.strerror}", False)
        except (click.Abort, KeyboardInterrupt):
            return _fail("Interrupted", _INTERRUPTED, as_json, exits.INTERRUPTED, code="interrupted", branch=_REPEAT)
        except click.ClickException as error:
            return _fail(type(error).__name__, _usage(error), as_json, code="usage", branch=_TELL)
        except DblrandomError as error:
            return _failed(error, as_json)
        except Exception as error:
            if os.environ.get("DBLRANDOM_DEBUG") == "1":
                traceback.print_exc()
            told = f"internal: {type(error).__name__}: {error}; please report"
            return _fail(type(error).__name__, told, as_json, code="internal", branch=_REPEAT)
        return code if isinstance(code, int) else exits.DONE

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """See :meth:`run`; ends the process as click's own method does unless told otherwise."""
        standalone = extra.pop("standalone_mode", True)
        extra.pop("prog_name", None)
        code = self.run(list(sys.argv[1:] if args is None else args), **extra)
        if standalone:
            sys.exit(code)
        return code

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a ceremony needs them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interruption is an error of one line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise click.Abort from error


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "dblrandom"
    return f"{message}; see: {path} --help"


def _failed(error: DblrandomError, as_json: bool) -> int:
    exit_code = exits.ERROR
    if isinstance(error, VerificationError):
        exit_code = exits.FAILED
    elif isinstance(error, NotYetPublic):
        exit_code = exits.UNDECIDED
    details = {name: getattr(error, name, None) for name in ("check", "where")}
    details |= {"code": error.code, "branch": error.branch.value}
    return _fail(type(error).__name__, str(error), as_json, exit_code, **details)


def _fail(kind: str, message: str, as_json: bool, exit_code: int = exits.ERROR, **details: str | None) -> int:
    with contextlib.suppress(OSError):
        if as_json:
            told = {name: safe(value) for name, value in details.items() if value is not None}
            print_json({"error": {"type": kind, "message": safe(message), **told}, "exit": exit_code})
        else:
            note(f"{'undecided' if exit_code == exits.UNDECIDED else 'error'}: {message}")
    return exit_code


def _epilogue() -> str:
    codes = "\n".join(f"  {code}  {meaning}" for code, meaning in exits.EXITS.items())
    return f"\b\nExit codes:\n{codes}"


@click.group(
    cls=Cli, epilog=_epilogue(), no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, message="dblrandom %(version)s")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
@click.option(
    "--lock-timeout",
    metavar="SECONDS",
    type=SECONDS,
    default=0,
    envvar="DBLRANDOM_LOCK_TIMEOUT",
    help="How long to wait while another process is changing the folder; 0, the default, refuses at once.",
)
def cli(as_json: bool, lock_timeout: float) -> None:
    """Verifiable random draws of inspection targets and inspectors (双随机、一公开).

    Every command takes --json, before its name or after it: one JSON object on stdout, on failure too.
    """


for _command in (
    demo,
    keygen,
    pubkey,
    secret,
    source,
    beacon,
    roster,
    plan,
    commit,
    sign,
    witness,
    reveal,
    draw,
    substitute,
    void,
    result,
    seal,
    unseal,
    timestamp,
    log,
    publish,
    adopt,
    show,
    trust,
    verify,
    explain,
    schema,
    plugins,
):
    cli.add_command(_command)
