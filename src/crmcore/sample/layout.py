"""The exports laid out row by row, with everything in the truth that hangs on row numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

import attrs

from crmcore.sample import sheets
from crmcore.sample.people import Call
from crmcore.sample.plan import Plan
from crmcore.sample.rows import Clerk, Row
from crmcore.sample.sheets import Cell, Sheet
from crmcore.sample.truth import BadRow, Counts, Mention
from crmcore.types.visit import VisitKind

HEADINGS = {
    "ro.csv": sheets.RO,
    "deliveries.xlsx": sheets.DELIVERIES,
    "showroom.csv": sheets.SHOWROOM,
    "appointments.csv": sheets.APPOINTMENTS,
    "staff.csv": sheets.STAFF,
    "complaints.csv": sheets.COMPLAINTS,
}


@attrs.frozen(kw_only=True)
class Layout:
    """Every sheet, and what stands where."""

    sheets: tuple[Sheet, ...]
    mentions: tuple[Mention, ...]
    bad_rows: tuple[BadRow, ...]
    counts: tuple[Counts, ...]


def lay_out(plan: Plan, rng: Random) -> Layout:
    """Write every row of every export, in memory."""
    clerk = Clerk(plan, rng)
    rows: dict[str, list[Row]] = {
        "ro.csv": _visits(plan, rng, "ro.csv", VisitKind.SERVICE, clerk.order),
        "deliveries.xlsx": _visits(
            plan, rng, "deliveries.xlsx", VisitKind.DELIVERY, lambda call: [clerk.delivery(call)]
        ),
        "showroom.csv": _visits(plan, rng, "showroom.csv", VisitKind.SHOWROOM, lambda call: [clerk.visitor(call)]),
        "appointments.csv": [clerk.booking(made) for made in plan.bookings],
        "staff.csv": [clerk.colleague(one) for one in plan.staff],
        "complaints.csv": [clerk.complaint(case) for case in plan.grievances],
    }
    made = tuple(_sheet(plan, file, written) for file, written in rows.items())
    return Layout(
        sheets=made,
        mentions=tuple(one for sheet in made for one in _mentions(sheet, rows[sheet.file])),
        bad_rows=tuple(one for sheet in made for one in _bad_rows(sheet, rows[sheet.file])),
        counts=tuple(_counts(file, written) for file, written in rows.items()),
    )


def _visits(plan: Plan, rng: Random, file: str, kind: VisitKind, write: Callable[[Call], list[Row]]) -> list[Row]:
    """The rows of one kind of visit in order of time, with the spoilt ones among them and the repeated ones further down."""
    spoilt = {bad.call.key: bad for bad in plan.bad if bad.file == file}
    calls = [call for call in plan.calls if call.kind is kind] + [bad.call for bad in spoilt.values()]
    calls.sort(key=lambda call: (call.opened or call.promised or plan.at(0), call.key))
    rows: list[Row] = []
    later: list[tuple[int, Row]] = []
    for call in calls:
        written = write(call)
        if call.key in spoilt:
            bad = spoilt[call.key]
            cells = list(written[0].cells)
            cells[HEADINGS[file].index(bad.column)] = bad.text
            written = [Row(tuple(cells), bad=bad)]
        rows.append(written[0])
        if call.apart:
            later += [(len(rows) + 3, row) for row in written[1:]]
        else:
            rows += written[1:]
        if call.key in plan.twice:
            later.append((len(rows) + rng.randrange(4, 20), attrs.evolve(written[0], again=True)))
    for place, row in reversed(later):  # from below, so that the places above stay what they were
        rows.insert(place, row)
    return rows


def _sheet(plan: Plan, file: str, rows: Iterable[Row]) -> Sheet:
    cells = tuple(row.cells for row in rows)
    titles = {
        "ro.csv": f"示范店 维修工单明细 截至 {plan.today:%Y-%m-%d}",
        "deliveries.xlsx": f"示范店 新车交付登记 截至 {plan.today:%Y-%m-%d}",
    }
    total: tuple[Cell, ...] = ()
    if file == "ro.csv":
        labour, parts = (_sum(cells, sheets.RO.index(column)) for column in ("工时费", "配件费"))
        total = tuple(
            {"工单号": "合计", "工时费": labour, "配件费": parts}.get(heading, "") for heading in HEADINGS[file]
        )
    return Sheet(file=file, headings=HEADINGS[file], rows=cells, title=titles.get(file, ""), total=total)


def _sum(rows: Iterable[tuple[Cell, ...]], column: int) -> str:
    fen = sum(int(str(row[column]).translate(str.maketrans("", "", "￥,.")) or 0) for row in rows)
    return f"{fen // 100:,}.{fen % 100:02d}"


def _mentions(sheet: Sheet, rows: Iterable[Row]) -> Iterable[Mention]:
    for number, line, row in _placed(sheet, rows):
        for named in row.named:
            yield Mention(
                file=sheet.file,
                row=number,
                line=line,
                column=named.column,
                name=named.name,
                phone=named.phone,
                person=named.person,
            )


def _bad_rows(sheet: Sheet, rows: Iterable[Row]) -> Iterable[BadRow]:
    for number, line, row in _placed(sheet, rows):
        if row.bad:
            yield BadRow(file=sheet.file, row=number, line=line, column=row.bad.column, reasons=row.bad.reasons)


def _placed(sheet: Sheet, rows: Iterable[Row]) -> Iterable[tuple[int, int, Row]]:
    """Each row with the number a spreadsheet gives it and the line on which it begins."""
    line = sheet.first_row
    for number, row in enumerate(rows, sheet.first_row):
        yield number, line, row
        line += 1 + sum(str(cell).count("\n") for cell in row.cells)


def _counts(file: str, rows: Iterable[Row]) -> Counts:
    written = list(rows)
    rejected, again = sum(row.bad is not None for row in written), sum(row.again for row in written)
    return Counts(
        file=file,
        read=len(written),
        accepted=len(written) - rejected - again,
        duplicates=again,
        rejected=rejected,
    )
