"""What is true of the sample dealer, written down from the plan: never computed by the rules that it is there to check.

`row` counts as a spreadsheet does: the first row of the file is 1, titles and headings count, and a row with a line break in a
cell is one row. `line` counts as an editor does: the line on which the row begins; in a workbook the two are the same.
"""

from __future__ import annotations

from datetime import date, datetime

import attrs


@attrs.frozen(kw_only=True)
class Mention:
    """A person named in a source row that is fit to use: by what name and number, and who it really is."""

    file: str
    row: int
    line: int
    column: str
    name: str
    phone: str
    person: str


@attrs.frozen(kw_only=True)
class BadRow:
    """A row that must be rejected, and the cell at fault.

    Attributes:
        reasons: the codes that name the fault rightly; destroyed text is seen by the reader of tables or by the cleaner, each
            with its own.
    """

    file: str
    row: int
    line: int
    column: str
    reasons: frozenset[str]


@attrs.frozen(kw_only=True)
class Counts:
    """Source rows of one file on a first sync; titles, headings and 合计 are no rows."""

    file: str
    read: int
    accepted: int
    duplicates: int
    rejected: int


@attrs.frozen(kw_only=True)
class Due:
    """A contact that is owed.

    Attributes:
        persons: who may be the one contacted; more than one where the domain leaves the choice.
        on: the local date on which it is due.
        at: the instant, where the domain fixes one; None: any time of `on`.
        deadline: late after this.
        cars / visits: VINs and order numbers that the contact is about.
    """

    case: str
    rule: str
    persons: tuple[str, ...]
    on: date
    at: datetime | None = None
    deadline: datetime | None = None
    cars: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Never:
    """A contact that must not happen, and why.

    Attributes:
        rule: a rule code; "*" is every rule.
        text_only: True when a call is still allowed.
        on: the date on which a mistake would show; None: any day.
    """

    case: str
    rule: str
    person: str
    why: str
    text_only: bool = False
    on: date | None = None
    car: str | None = None
    visit: str | None = None


@attrs.frozen(kw_only=True)
class Truth:
    """All that is known for certain.

    Attributes:
        cases: the planned cases: name to person ids, main person first.
        mentions: who is who, row by row.
        twins: pairs of (name, phone) that are one person without a proof: they must stay apart until somebody says so.
        strangers: pairs of (name, phone) that look alike and are two people.
        complete: rule codes for which `due` names everything from `today` to three days later.
        warnings: VINs that are accepted with a wrong check digit.
    """

    today: date
    cases: dict[str, tuple[str, ...]]
    mentions: tuple[Mention, ...]
    bad_rows: tuple[BadRow, ...]
    counts: tuple[Counts, ...]
    due: tuple[Due, ...]
    never: tuple[Never, ...]
    twins: tuple[tuple[tuple[str, str], tuple[str, str]], ...]
    strangers: tuple[tuple[tuple[str, str], tuple[str, str]], ...]
    warnings: tuple[str, ...]
    complete: frozenset[str]

    @property
    def customers(self) -> frozenset[tuple[str, str]]:
        """Every (name, phone) that makes one customer after a first sync, before anybody decided on proposals."""
        return frozenset((mention.name, mention.phone) for mention in self.mentions)

    @property
    def clusters(self) -> dict[str, frozenset[tuple[str, str]]]:
        """Person id to the (name, phone) pairs under which the sources know that person."""
        known: dict[str, set[tuple[str, str]]] = {}
        for mention in self.mentions:
            known.setdefault(mention.person, set()).add((mention.name, mention.phone))
        return {person: frozenset(pairs) for person, pairs in known.items()}

    @property
    def shared_phones(self) -> frozenset[str]:
        """Numbers that belong to more than one customer: a text to one of them names nobody."""
        owners: dict[str, set[str]] = {}
        for mention in self.mentions:
            owners.setdefault(mention.phone, set()).add(mention.person)
        return frozenset(phone for phone, people in owners.items() if len(people) > 1)

    def due_on(self, day: date) -> tuple[Due, ...]:
        """What falls due on one day."""
        return tuple(due for due in self.due if due.on == day)
