"""What goes wrong becomes one message, for a person or for a machine, and an exit code; a traceback only for -vv."""

from __future__ import annotations

import difflib
import errno
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from crmcore import lang as catalogue
from crmcore.cli.state import State
from crmcore.errors import CrmError, MissingExtra, StoreError, UsageError

INTERRUPTED, PIPE_CLOSED, BUG = 130, 141, 70
#: What is behind `>` takes no more; files of our own raise errors of ours.
NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF}

#: Library -> the extra that brings it.
EXTRAS = {
    "sqlalchemy": "app",
    "alembic": "app",
    "jinja2": "app",
    "xlsxwriter": "app",
    "starlette": "serve",
    "uvicorn": "serve",
}

_PACKAGE_ROOT = Path(__file__).parent.parent


def told(state: State, error: BaseException) -> int:
    """Say what happened, and return the exit code; what is not ours to catch is raised again."""
    match error:
        case CrmError():
            return _fail(state, error)
        case click.exceptions.NoArgsIsHelpError():
            sys.stderr.write(f"{error.format_message()}\n")
            return UsageError.exit_code
        case click.ClickException():
            return _fail(state, _usage(error))
        case _:
            return _ended(state, error)


def _ended(state: State, error: BaseException) -> int:
    """What nobody raised on purpose."""
    match error:
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case BrokenPipeError():
            return PIPE_CLOSED
        case OSError(errno=number, filename=None) if number in NO_ROOM:
            state.json = False  # there is nowhere to put an object
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered is flushed at the end
            return _fail(state, StoreError("CRM-D130", at="stdout", why=type(error).__name__))
        case ModuleNotFoundError(name=str(name)) if extra := EXTRAS.get(name.partition(".")[0]):
            return _fail(state, MissingExtra("CRM-X001", extra=extra))
        case Exception():
            return _bug(state, error)
        case _:
            raise error


def no_command(name: str, known: Sequence[str]) -> UsageError:
    """A command that does not exist, with what was probably meant."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return UsageError("CRM-U101", command=name, guess=close[0])
    return UsageError("CRM-U102", command=name, known=", ".join(known))


def _usage(error: click.ClickException) -> CrmError:
    """What click says, in our codes."""
    match error:
        case click.NoSuchOption():
            guess = f" ({', '.join(error.possibilities)}?)" if error.possibilities else ""
            return UsageError("CRM-U103", option=f"{error.option_name}{guess}")
        case click.MissingParameter(param=click.Option() as option):
            return UsageError("CRM-U104", name=max(option.opts, key=len))
        case click.MissingParameter():
            param = error.param
            return UsageError(
                "CRM-U104", name=param.make_metavar(error.ctx) if param and error.ctx else error.param_hint
            )  # type: ignore[call-arg,unused-ignore]
        case click.BadParameter(param=click.Parameter(type=click.Choice() as choice) as param):
            known = ", ".join(map(str, choice.choices))
            return UsageError("CRM-U112", name=max(param.opts, key=len), known=known)
        case _:
            return UsageError("CRM-U106", why=error.format_message().rstrip("."))


def _fail(state: State, error: CrmError, exit_code: int | None = None) -> int:
    if state.verbosity > 1:
        traceback.print_exception(error)
    if state.json:
        body = error_body(error, state.lang)
        state.emit("error", body if exit_code is None else {**body, "exit_code": exit_code})
    else:
        for line in error.render(state.lang).splitlines():
            sys.stderr.write(f"× {line}\n")
    return error.exit_code


def error_body(error: CrmError, lang: str) -> dict[str, Any]:
    """An error as JSON: the code to act on, the place, the words."""
    said, fix = catalogue.error(error.code, lang, error.catalog, error.params)
    body: dict[str, Any] = {
        "code": error.code,
        "at": error.at,
        "message": said,
        "fix": fix,
        "exit_code": error.exit_code,
    }
    inner = getattr(error, "errors", ())
    return body | ({"errors": [error_body(each, lang) for each in inner]} if inner else {})


def _bug(state: State, error: Exception) -> int:
    """A fault of ours: where it is, how to report it; the values in it may be personal data and are not shown."""
    if state.verbosity > 1:
        traceback.print_exception(error)
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(_PACKAGE_ROOT))
    ]
    where = f"{Path(frames[-1].filename).relative_to(_PACKAGE_ROOT)}:{frames[-1].lineno}" if frames else "?"
    _fail(state, UsageError("CRM-B001", kind=type(error).__name__, where=where), BUG)
    return BUG
