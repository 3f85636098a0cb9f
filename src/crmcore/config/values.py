"""What is written in TOML becomes typed values, strictly: `"false"` is no boolean, `5` is no text, a text is no list.

cattrs walks the types; the hooks here refuse what it would bend (it reads "false" as True and 5 as "5"), and `mistakes` turns
its tree of exceptions into one `Mistake` for each place, all of them at once.
"""

from __future__ import annotations

import difflib
import enum
import functools
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn

from crmcore.config import places
from crmcore.errors import CrmError
from crmcore.hooks.adapters import Secret
from crmcore.rules.permit import QuietHours
from crmcore.types.customer import Channel
from crmcore.types.store import Opening

T = TypeVar("T")
_UNTYPED: tuple[Any, ...] = (Any, object)
_LITERAL: tuple[Any, ...] = (Literal,)

UNKNOWN_KEY, UNKNOWN_KEY_GUESSED, MISSING_KEY = "CRM-C110", "CRM-C111", "CRM-C112"
TEXT, WHOLE, NUMBER, BOOLEAN, TABLE, LIST = "CRM-C120", "CRM-C121", "CRM-C122", "CRM-C123", "CRM-C124", "CRM-C125"
DATE, INSTANT, CLOCK, HOURS, SECRET = "CRM-C126", "CRM-C127", "CRM-C128", "CRM-C129", "CRM-C130"
CHOICE, CHOICE_GUESSED, REFUSED, UNSET = "CRM-C131", "CRM-C132", "CRM-C133", "CRM-C140"


class Wrong(ValueError):
    """One value is wrong; `code` and `params` say how, the place is known by whoever walks there."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@attrs.frozen
class Mistake:
    """A `Wrong` with its place."""

    path: places.Place
    code: str
    params: Mapping[str, object] = attrs.field(factory=dict)
    catalog: str = "crmcore"


def guess(word: str, known: Collection[str]) -> str | None:
    """What was probably meant."""
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)
    return lower[close[0]] if close else None


def unknown_key(path: places.Place, known: Collection[str]) -> Mistake:
    """A key that nobody reads."""
    key = str(path[-1])
    meant = guess(key, known)
    if meant is not None:
        return Mistake(path, UNKNOWN_KEY_GUESSED, {"key": key, "guess": meant})
    return Mistake(path, UNKNOWN_KEY, {"key": key, "known": ", ".join(sorted(known))})


def choice(value: object, known: Sequence[str]) -> Wrong:
    """A value that is none of those it can be."""
    meant = guess(str(value), known)
    if meant is not None:
        return Wrong(CHOICE_GUESSED, value=value, guess=meant)
    return Wrong(CHOICE, value=value, known=", ".join(known))


def converter(folder: Path, environ: Mapping[str, str]) -> cattrs.Converter:
    """A converter for one file: paths are relative to `folder`, secrets come from `environ`."""
    made = _strict()
    made.register_structure_hook(Secret, lambda value, _: secret(value, environ))
    made.register_structure_hook(Path, lambda value, _: folder / _exactly(str, TEXT)(value, str))
    return made


@functools.cache
def plain() -> cattrs.Converter:
    """The converter for packs, one for all: what they hold is neither a path nor a secret, and reading a type anew takes time."""
    return _strict()


def _strict() -> cattrs.Converter:
    made = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind, code in ((str, TEXT), (int, WHOLE), (bool, BOOLEAN), (datetime, INSTANT), (date, DATE)):
        made.register_structure_hook(kind, _exactly(kind, code))
    made.register_structure_hook(float, _number)
    made.register_structure_hook(Decimal, lambda value, kind: Decimal(str(_number(value, kind))))
    made.register_structure_hook(time, _clock)
    made.register_structure_hook(Opening, lambda value, _: Opening(*_span(value)))
    made.register_structure_hook(QuietHours, lambda value, _: QuietHours(*_span(value)))
    made.register_structure_hook_func(lambda kind: kind in _UNTYPED, lambda value, _: value)
    made.register_structure_hook_func(lambda kind: isinstance(kind, type) and issubclass(kind, enum.Enum), _enum)
    made.register_structure_hook_func(lambda kind: get_origin(kind) in _LITERAL, _literal)
    made.register_structure_hook_factory(lambda kind: get_origin(kind) in {Union, types.UnionType}, _union)
    made.register_structure_hook_factory(_is_many, _many)
    made.register_structure_hook_factory(_is_mapping, _mapping)
    made.register_structure_hook_factory(lambda kind: kind not in {Opening, QuietHours} and attrs.has(kind), _table)
    return made


def secret(value: object, environ: Mapping[str, str]) -> Secret:
    """`{ env = "SMS_PASSWORD" }`, or the text itself; a variable that is empty counts as not set."""
    if isinstance(value, Secret):  # in a mapping of a program
        return value
    if isinstance(value, str):
        return Secret(value)
    if not isinstance(value, Mapping) or set(value) != {"env"} or not isinstance(value["env"], str):
        raise Wrong(SECRET)
    found = environ.get(value["env"], "")
    if not found:
        raise Wrong(UNSET, variable=value["env"])
    return Secret(found)


def mistakes(error: BaseException, path: places.Place = ()) -> Iterator[Mistake]:
    """Each mistake in what a converter raised, with its place."""
    if isinstance(error, ClassValidationError | IterableValidationError):
        found = [mistake for inner in error.exceptions for mistake in mistakes(inner, (*path, *_step(inner)))]
        meant = {(*each.path[:-1], each.params["guess"]) for each in found if each.code == UNKNOWN_KEY_GUESSED}
        # a key that is there, misspelt, is one mistake and not two
        yield from (each for each in found if each.code != MISSING_KEY or each.path not in meant)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [field.name for field in attrs.fields(error.cl)]
        yield from (unknown_key((*path, key), known) for key in sorted(error.extra_fields))
    elif isinstance(error, Wrong):
        yield Mistake(path, error.code, error.params)
    elif isinstance(error, KeyError) and _step(error):
        yield Mistake(path, MISSING_KEY, {"key": path[-1]})
    elif isinstance(error, CrmError):
        yield Mistake(path, error.code, error.params, error.catalog)
    else:
        yield Mistake(path, REFUSED, {"why": _words(error)})


def _words(error: BaseException) -> str:
    """The validators of attrs add the attribute and the class to the arguments of their exception: only the sentence is for people."""
    said = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return said or type(error).__name__


def _step(error: BaseException) -> places.Place:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (note.name,)
        if isinstance(note, IterableValidationNote):
            return (note.index,)
    return ()


def _exactly(kind: type[T], code: str) -> Callable[[object, object], T]:
    def structure(value: object, asked: Any) -> T:
        if isinstance(asked, type) and issubclass(asked, enum.Enum):  # a StrEnum is a str, so cattrs asks here
            return _enum(value, asked)  # type: ignore[no-any-return]
        if type(value) is not kind:
            raise Wrong(code)
        return value

    return structure


def _number(value: object, _kind: object) -> float:
    if type(value) is int or type(value) is float:
        return float(value)
    raise Wrong(NUMBER)


def _clock(value: object, _kind: object) -> time:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value) if isinstance(value, str) else _raise(CLOCK)
    except ValueError:
        raise Wrong(CLOCK) from None


def _raise(code: str) -> Any:
    raise Wrong(code)


def _span(value: object) -> tuple[time, time]:
    """Two times of day, "08:30-12:00", also with the dashes that Chinese keyboards write."""
    text = value if isinstance(value, str) else _raise(HOURS)
    for dash in "–—－~～":
        text = text.replace(dash, "-")
    try:
        start, end = (time.fromisoformat(part.strip().replace("：", ":").zfill(5)) for part in text.split("-"))
    except ValueError:
        raise Wrong(HOURS) from None
    return start, end


def members(kind: Any) -> list[Any]:
    """What may be written where an enum is asked for: a customer is in no group of colleagues."""
    return [member for member in kind if member is not Channel.GROUP]


def _enum(value: object, kind: Any) -> Any:
    known = members(kind)
    for member in known:
        if member.value == value and type(member.value) is type(value):
            return member
    raise choice(value, [str(member.value) for member in known])


def _literal(value: object, kind: Any) -> Any:
    known = get_args(kind)
    if any(value == member and type(value) is type(member) for member in known):
        return value
    raise choice(value, [str(member) for member in known])


def _union(kind: Any, made: cattrs.Converter) -> Any:
    """`X | None` is X, since TOML has no null; of several types the first that takes the value."""
    members = [member for member in get_args(kind) if member is not type(None)]

    def structure(value: object, _kind: object) -> Any:
        for member in members[:-1]:
            try:
                return made.structure(value, member)
            except Exception as error:  # the next member may take it
                if isinstance(error, Wrong) and error.code == UNSET:
                    raise
        return made.structure(value, members[-1])

    return structure


def _is_many(kind: Any) -> bool:
    origin = get_origin(kind)
    if origin is tuple:
        return get_args(kind)[1:] == (Ellipsis,)
    return isinstance(origin, type) and issubclass(origin, list | set | frozenset | Sequence)


def _many(kind: Any, made: cattrs.Converter) -> Any:
    origin, member = get_origin(kind), get_args(kind)[0]
    build: Any = origin if origin in {list, set, frozenset} else tuple

    def structure(value: object, _kind: object) -> Any:
        if not isinstance(value, list):
            raise Wrong(LIST)
        return build(_each(enumerate(value), member, made, kind))

    return structure


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _mapping(kind: Any, made: cattrs.Converter) -> Any:
    key, member = get_args(kind)

    def structure(value: object, _kind: object) -> Any:
        if not isinstance(value, Mapping):
            raise Wrong(TABLE)
        bad: list[Exception] = []
        parts: list[list[Any]] = []
        for items, asked in (([(name, name) for name in value], key), (value.items(), member)):
            try:
                parts.append(_each(items, asked, made, kind))
            except IterableValidationError as error:
                bad += error.exceptions
        if bad:
            raise IterableValidationError("", bad, kind)
        return dict(zip(*parts, strict=True))

    return structure


def _each(items: Any, member: Any, made: cattrs.Converter, kind: Any) -> list[Any]:
    """Structure all members before complaining about any."""
    good: list[Any] = []
    bad: list[Exception] = []
    for key, value in items:
        try:
            good.append(made.structure(value, member))
        except Exception as error:  # noqa: BLE001 - collected, with its place
            error.__notes__ = [*getattr(error, "__notes__", []), IterableValidationNote("", key, member)]
            bad.append(error)
    if bad:
        raise IterableValidationError("", bad, kind)
    return good


def _table(kind: Any, made: cattrs.Converter) -> Any:
    inner = make_dict_structure_fn(kind, made, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True)

    def structure(value: object, _kind: object) -> Any:
        if not isinstance(value, Mapping):
            raise Wrong(TABLE)
        return inner(value, kind)

    return structure
