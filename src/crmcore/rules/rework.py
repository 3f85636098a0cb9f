"""Was it fixed the first time? Same-fault matching over repair orders (domain section 2: rework window, first-time fix).

Three sources say that a car came back for the same fault, and they differ: the mark of the DMS, the lines of the orders, and the
customer. None is taken for the truth; the register keeps who says so, and a person decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import attrs

from crmcore.rules.labour import category
from crmcore.rules.text import fold
from crmcore.types.visit import Rework, ReworkBasis

DMS, SAME, CLAIM = ReworkBasis.DMS_FLAG, ReworkBasis.SAME_FAULT, ReworkBasis.CUSTOMER_CLAIM

_BETWEEN = re.compile(r"[\s\-_/\\,.;:，。；：、()（）\[\]【】+*]+")
_SHORTEST = 2  # characters of a fault: 异响; a single one (车) says nothing


@attrs.frozen(kw_only=True)
class Window:
    """Whichever ends first."""

    days: int
    km: int


@attrs.frozen(kw_only=True)
class ReworkPolicy:
    """The windows rework is looked for in: packs/rework.toml, overridden by [rework] of crm.toml.

    Attributes:
        same_fault_days: a return for the same fault within so many days is rework (C13b).
        guarantee: by labour category, the statutory repair guarantee (C14); a rework restarts it.
        routine: words of jobs that are no repair of a fault: done again, they were not done badly.
        doing: words in front of a fault that name the work and not the fault.
        claims: complaint categories by which a customer says that it was not fixed.
        question: the question whose "no" says so.
        sources: where each number comes from, by field.
    """

    same_fault_days: int = attrs.field(validator=attrs.validators.ge(1))
    guarantee: Mapping[str, Window]
    routine: tuple[str, ...]
    doing: tuple[str, ...]
    claims: tuple[str, ...]
    question: str
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Job:
    """One line of an order, as far as faults go; `hours` in hundredths."""

    no: str
    name: str = ""
    complaint: str = ""
    op_code: str = ""
    fault_code: str = ""
    hours: int | None = None


@attrs.frozen(kw_only=True)
class Order:
    """One repair order of a car.

    Attributes:
        opened_on / handed_on: local dates; an order that is not handed over yet can be a return, not an original.
        comeback / comeback_of: the DMS's own mark, and the order number it names.
        claimed: the customer says that it was not fixed; False: he was asked and does not; None: nobody has asked him.
    """

    id: int
    number: str = ""
    opened_on: date
    handed_on: date | None = None
    km: int | None = None
    comeback: bool | None = None
    comeback_of: str = ""
    claimed: bool | None = None
    jobs: tuple[Job, ...] = ()


@attrs.frozen(kw_only=True)
class Rates:
    """How many repair orders did not hold, by who says so.

    Attributes:
        orders: repair orders with a fault that were handed over in the period, and whose window is over.
        open: those that may still come back in time; they count for nothing yet.
        heard: of these orders, those on which each basis has spoken: every order by its lines, and by the mark where the DMS
            delivers marks; by the customer only who answered the question, or complained.
        returned: orders that came back, by basis; as in `heard`, a basis that has spoken on none is missing.
        disputed: orders on which those that have spoken disagree.
    """

    orders: int
    open: int
    heard: Mapping[ReworkBasis, int]
    returned: Mapping[ReworkBasis, int]
    disputed: int


def register(orders: Iterable[Order], policy: ReworkPolicy) -> tuple[Rework, ...]:
    """Every repair of one car that did not hold, by whoever says so; one row for each original and its return.

    The nearest earlier order counts as the original, so a rework restarts the term by itself (C14).
    """
    inorder = sorted(orders, key=lambda order: (order.opened_on, order.id))
    found: dict[tuple[int | None, int | None], Rework] = {}
    for later in inorder:
        for row in (*_by_fault(inorder, later, policy), *_by_mark(inorder, later)):
            key = (row.original, row.returned)
            known = found.get(key)
            found[key] = row if known is None else attrs.evolve(known, bases=known.bases | row.bases)
    for order in inorder:
        if not order.claimed:
            continue
        rows = [key for key in found if key[0] == order.id]
        for key in rows:
            found[key] = attrs.evolve(found[key], bases=found[key].bases | {CLAIM})
        if not rows:
            found[order.id, None] = Rework(original=order.id, bases=frozenset({CLAIM}))
    return tuple(found.values())


def rates(cars: Iterable[Sequence[Order]], policy: ReworkPolicy, since: date, until: date, today: date) -> Rates:
    """First-time fix the other way round: of the orders handed over from `since` to `until`, which came back.

    Args:
        cars: the orders of each car, those after `until` included, as far as they are known.
    """
    known = list(cars)
    marked = marks(known)
    total = still_open = disputed = 0
    heard, returned = Counter[ReworkBasis](), Counter[ReworkBasis]()
    for orders in known:
        said: dict[int | None, set[ReworkBasis]] = {}
        for row in register(orders, policy):
            said.setdefault(row.original, set()).update(row.bases)
        for order in orders:
            if order.handed_on is None or not since <= order.handed_on <= until or not faults(order, policy):
                continue
            if order.handed_on + timedelta(days=policy.same_fault_days) > today:
                still_open += 1
                continue
            total += 1
            bases, speak = said.get(order.id, set()), voices(order, marked=marked)
            heard.update(speak)
            returned.update(bases)
            disputed += 0 < len(bases) < len(speak)
    came = {basis: returned[basis] for basis in ReworkBasis if heard[basis]}
    return Rates(orders=total, open=still_open, heard=dict(heard), returned=came, disputed=disputed)


def marks(cars: Iterable[Sequence[Order]]) -> bool:
    """Does the DMS mark returns? One mark is enough: many leave the orders empty that are none."""
    return any(order.comeback is not None for orders in cars for order in orders)


def voices(order: Order, *, marked: bool) -> frozenset[ReworkBasis]:
    """Who has spoken on whether this order held; a customer whom nobody has asked has not."""
    return frozenset({SAME} | ({DMS} if marked else set()) | (set() if order.claimed is None else {CLAIM}))


def faults(order: Order, policy: ReworkPolicy) -> tuple[Job, ...]:
    """The jobs of an order that mended something."""
    return tuple(job for job in order.jobs if _words(job, policy) or job.fault_code)


def same_fault(earlier: Job, later: Job, policy: ReworkPolicy) -> str | None:
    """What says that two jobs are about the same fault: FAULT_CODE, OP_CODE or WORDS; None: nothing does."""
    if earlier.fault_code and earlier.fault_code == later.fault_code:
        return "FAULT_CODE"
    if earlier.fault_code and later.fault_code:
        return None
    first, second = _words(earlier, policy), _words(later, policy)
    if not first or not second:
        return None
    if earlier.op_code and earlier.op_code == later.op_code:
        return "OP_CODE"
    return "WORDS" if any(one in other or other in one for one in first for other in second) else None


def _by_fault(orders: Sequence[Order], later: Order, policy: ReworkPolicy) -> Iterator[Rework]:
    """The nearest earlier order with the same fault, within the window."""
    for earlier in reversed(orders):
        days = _days(earlier, later)
        if days is None or days > policy.same_fault_days:
            continue
        match = _match(earlier, later, policy)
        if match is None:
            continue
        before, after, why = match
        km = _km(earlier, later)
        yield Rework(
            original=earlier.id,
            returned=later.id,
            original_line=before.no,
            returned_line=after.no,
            bases=frozenset({SAME}),
            why=why,
            days=days,
            km=km,
            within_guarantee=_guaranteed(before, days, km, policy),
        )
        return


def _by_mark(orders: Sequence[Order], later: Order) -> Iterator[Rework]:
    """What the DMS has marked: the order it names, else the one that was handed over last."""
    if not later.comeback:
        return
    named = [order for order in orders if later.comeback_of and order.number == later.comeback_of]
    before = named or [order for order in orders if _days(order, later) is not None]
    original = max(before, key=lambda order: (order.handed_on or date.min, order.id), default=None)
    if original is None:
        yield Rework(original=None, returned=later.id, bases=frozenset({DMS}))
        return
    days, km = _days(original, later), _km(original, later)
    yield Rework(original=original.id, returned=later.id, bases=frozenset({DMS}), days=days, km=km)


def _days(earlier: Order, later: Order) -> int | None:
    """From hand-over to return; None where the one does not come after the other."""
    if earlier.handed_on is None or earlier.id == later.id or later.opened_on < earlier.handed_on:
        return None
    return (later.opened_on - earlier.handed_on).days


def _km(earlier: Order, later: Order) -> int | None:
    return None if earlier.km is None or later.km is None else later.km - earlier.km


def _match(earlier: Order, later: Order, policy: ReworkPolicy) -> tuple[Job, Job, str] | None:
    """The first pair of jobs about the same fault."""
    for before in earlier.jobs:
        for after in later.jobs:
            why = same_fault(before, after, policy)
            if why is not None:
                return before, after, why
    return None


def _guaranteed(job: Job, days: int, km: int | None, policy: ReworkPolicy) -> bool | None:
    """Within the statutory term of the original's category, whichever ends first; None: the kilometres are not known."""
    window = policy.guarantee.get(category(job.name, job.hours).value)
    if window is None or (km is None and days <= window.days):
        return None
    return days <= window.days and (km is None or km <= window.km)


def _words(job: Job, policy: ReworkPolicy) -> tuple[str, ...]:
    """What a job is about: the complaint where one is written, else its name without the word for the work; routine is nothing."""
    if job.complaint:
        return _bare(job.complaint, policy)
    name = fold(job.name).casefold()
    return () if any(word in name for word in policy.routine) else _bare(name, policy)


def _bare(text: str, policy: ReworkPolicy) -> tuple[str, ...]:
    words = []
    for part in _BETWEEN.split(fold(text).casefold()):
        bare = part
        for work in policy.doing:
            bare = bare.replace(work, "")
        if len(bare) >= _SHORTEST:
            words.append(bare)
    return tuple(words)
