"""The small things values are made of: ids, instants, numbers of nobody, names, words, money.

A strategy that is made once is checked once by hypothesis, hence the caches.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.sample import invent

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Fields = Mapping[str, Any]

FIRST, LAST = date(2020, 1, 1), date(2030, 12, 31)

#: Type -> its strategy, of everything that `makes` has been put on.
KNOWN: dict[Any, Callable[..., SearchStrategy[Any]]] = {}


class Maker(Protocol, Generic[T_co]):
    """A strategy of one type; a keyword replaces what a field is drawn from, and keeping it plausible is then the caller's."""

    def __call__(self, **fields: SearchStrategy[Any]) -> SearchStrategy[T_co]:
        """The strategy."""
        ...


def makes(cls: type[T]) -> Callable[[Callable[[DrawFn], Fields]], Maker[T]]:
    """Turn a function that draws the fields of `cls` into the strategy of `cls`."""

    def wrap(draws: Callable[[DrawFn], Fields]) -> Maker[T]:
        @st.composite
        def made(draw: DrawFn, given: Fields) -> T:
            return cls(**{**draws(draw), **{name: draw(each) for name, each in given.items()}})

        plain = made({})

        @functools.wraps(draws)
        def maker(**fields: SearchStrategy[Any]) -> SearchStrategy[T]:
            return made(fields) if fields else plain

        KNOWN[cls] = maker
        return maker

    return wrap


@functools.lru_cache(maxsize=512)
def maybe(strategy: SearchStrategy[T]) -> SearchStrategy[T | None]:
    """None, or one of these; shrinks to None."""
    return st.none() | strategy


def few(strategy: SearchStrategy[T], most: int = 3, **rules: Any) -> SearchStrategy[tuple[T, ...]]:
    """A short tuple, mostly empty once it has shrunk."""
    return st.lists(strategy, max_size=most, **rules).map(tuple)


def some(draw: DrawFn, strategies: Mapping[str, SearchStrategy[Any]]) -> dict[str, Any]:
    """Any part of these keys: what a source says nothing of is missing."""
    return draw(st.fixed_dictionaries({}, optional=dict(strategies)))


# ------------------------------------------------------------------ time


@functools.cache
def instants(first: date = FIRST, last: date = LAST) -> SearchStrategy[datetime]:
    """Aware, UTC, whole seconds, as the store keeps them."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    span = int((datetime(last.year, last.month, last.day, tzinfo=UTC) - start).total_seconds())
    return st.integers(0, span).map(lambda seconds: start + timedelta(seconds=seconds))


@functools.cache
def days(first: date = FIRST, last: date = LAST) -> SearchStrategy[date]:
    """Local dates."""
    return st.dates(first, last)


@functools.cache
def birthdays() -> SearchStrategy[date]:
    """Of grown-ups."""
    return st.dates(date(1940, 1, 1), date(2002, 12, 31))


@functools.cache
def spans(most: timedelta = timedelta(days=30)) -> SearchStrategy[timedelta]:
    """No time at all, or some, in whole minutes."""
    return st.integers(0, int(most.total_seconds()) // 60).map(lambda minutes: timedelta(minutes=minutes))


def progress(draw: DrawFn, names: Sequence[str], at_least: int = 0) -> dict[str, datetime | None]:
    """Instants in the order of their names, as far as things have come; None for what has not happened yet."""
    come = draw(st.integers(at_least, len(names)))
    at = draw(instants())
    found: dict[str, datetime | None] = dict.fromkeys(names)
    for name in names[:come]:
        found[name] = at
        at += draw(spans())
    return found


# ------------------------------------------------------------------ people and things that do not exist


@functools.cache
def mobiles() -> SearchStrategy[str]:
    """E.164 mobiles of the two blocks that belong to the sample dealer."""
    heads = st.sampled_from(invent.MOBILE_HEADS)
    bare = st.tuples(heads, st.integers(1, 9999)).map(lambda parts: f"{parts[0]}{parts[1]:04d}")
    return bare.map(lambda digits: f"+86{'13800130001' if digits == invent.OPERATORS_OWN else digits}")


@functools.cache
def landlines() -> SearchStrategy[str]:
    """E.164 numbers that take no text."""
    return st.integers(0, 9999).map(lambda tail: f"+86105550{tail:04d}")


@functools.cache
def phones() -> SearchStrategy[str]:
    """E.164, mostly mobiles."""
    return st.one_of(mobiles(), mobiles(), landlines())


@functools.cache
def raw_phones() -> SearchStrategy[str]:
    """A number as a spreadsheet may hold it; each can be read."""
    dresses = (
        lambda digits: digits,
        lambda digits: f"{digits[:3]} {digits[3:7]} {digits[7:]}",
        lambda digits: f"+86-{digits}",
        lambda digits: f"手机：{digits}",
        lambda digits: f"{digits}.0",
        lambda digits: digits.translate({ord("0") + place: ord("０") + place for place in range(10)}),
    )
    return st.tuples(mobiles(), st.sampled_from(dresses)).map(lambda pair: pair[1](pair[0].removeprefix("+86")))


@functools.cache
def names() -> SearchStrategy[str]:
    """A surname and one or two characters."""
    given = st.text(st.sampled_from(invent.GIVEN), min_size=1, max_size=2)
    return st.tuples(st.sampled_from(invent.SURNAMES), given).map("".join)


@functools.cache
def companies() -> SearchStrategy[str]:
    """Firms of one pattern, which no register has."""
    trades = st.sampled_from(["物流", "商贸", "租赁", "建材"])
    return st.tuples(names(), trades).map(lambda parts: f"示范{parts[0]}{parts[1]}有限公司")


@functools.cache
def vins() -> SearchStrategy[str]:
    """Of no maker, with the right check digit."""
    return st.integers(0, 999_999).map(invent.vin)


@functools.cache
def plates() -> SearchStrategy[str]:
    """Beijing plates, five places, or six for electric cars."""
    letters = st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ")
    return st.tuples(letters, st.sampled_from(["", "D"]), st.integers(0, 99_999)).map(
        lambda parts: f"京{parts[0]}{parts[1]}{parts[2]:05d}"
    )


@functools.cache
def kilometres(most: int = 300_000) -> SearchStrategy[int]:
    """Of an odometer."""
    return st.integers(0, most)


# ------------------------------------------------------------------ names of ours and of others


@functools.cache
def ids(letter: str) -> SearchStrategy[str]:
    """A letter for the kind and a number: "C17"."""
    return st.integers(1, 1_000_000).map(lambda number: f"{letter}{number}")


@functools.cache
def store_codes() -> SearchStrategy[str]:
    """Of stores: "S01"."""
    return st.integers(1, 20).map(lambda number: f"S{number:02d}")


@functools.cache
def staff_codes() -> SearchStrategy[str]:
    """Of colleagues, as a DMS writes them: "A01"."""
    return st.integers(1, 99).map(lambda number: f"A{number:02d}")


@functools.cache
def codes() -> SearchStrategy[str]:
    """An UPPER_SNAKE code of a rule, a reason, a question."""
    words = st.sampled_from(["CARE", "CALL", "QUALITY", "RETURN", "PRICE", "WELCOME", "OVERALL", "FIRST", "OTHER"])
    return st.lists(words, min_size=1, max_size=3).map("_".join)


@functools.cache
def keys() -> SearchStrategy[str]:
    """An id in somebody else's system; it may be anything but blank."""
    return st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12)


@functools.cache
def message_keys() -> SearchStrategy[str]:
    """A key of ours for a vendor: [A-Za-z0-9]{1,50}."""
    return st.text(st.sampled_from("0123456789ABCDEFXYZabcdefxyz"), min_size=1, max_size=50)


# ------------------------------------------------------------------ words and numbers


@functools.cache
def texts(most: int = 60) -> SearchStrategy[str]:
    """What somebody may write: any character that a database and a file can hold, line ends and rare ones included."""
    said = st.sampled_from(["", "请尽快处理", "车里有异响，第二次来了", "Thank you", "还可以😀"])
    anything = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=most)
    return said | anything


@functools.cache
def lines(most: int = 40) -> SearchStrategy[str]:
    """Words on one line, not blank."""
    said = st.sampled_from(["保养", "更换制动片", "Oil and filter", "刹车异响"])
    anything = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=most)
    return said | anything


@functools.cache
def labels() -> SearchStrategy[dict[str, str]]:
    """{"zh": …, "en": …}."""
    pairs = [("维修后回访", "Callback"), ("生日祝福", "Birthday"), ("服务质量", "Quality"), ("其他", "Other")]
    return st.sampled_from(pairs).map(lambda pair: {"zh": pair[0], "en": pair[1]})


@functools.cache
def money(most: int = 100_000) -> SearchStrategy[Decimal]:
    """Yuan, to the fen."""
    return st.integers(0, most * 100).map(lambda fen: Decimal(fen).scaleb(-2))


@functools.cache
def hours(most: int = 60) -> SearchStrategy[Decimal]:
    """Labour hours, to the tenth."""
    return st.integers(0, most * 10).map(lambda tenths: Decimal(tenths).scaleb(-1))
