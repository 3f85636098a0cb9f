"""Touchpoints that are due by text become messages, in the transaction that plans them; each touchpoint one."""

from __future__ import annotations

import functools
import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib import resources
from typing import Any

from sqlalchemy import Connection, Row, select, update

from crmcore.db import bulk, messages, touchpoints
from crmcore.db.among import among, paged
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import message, message_event, vehicle
from crmcore.db.schema import staff as staff_table
from crmcore.flows.planning import Live, Settings, maybe
from crmcore.flows.queued import COLUMNS, text_row
from crmcore.rules.case import Case
from crmcore.rules.templates import Rendered, Suffix, render, say_day, say_time
from crmcore.rules.worktime import local
from crmcore.types.contact import MessageTemplate
from crmcore.types.store import Store


def queue_texts(
    connection: Connection,
    settings: Settings,
    due: Sequence[Live],
    riders: Mapping[int, Sequence[Live]],
    cases: Mapping[int, Case],
    now: datetime,
) -> Counter[str]:
    """Queue a text for each of `due` that has none yet, or whose text was cancelled before it left; count them per rule."""
    existing = touchpoints.texts(connection, [live.id for live in due if live.before is not None])
    wanted = [live for live in due if live.id not in existing or _revivable(existing[live.id])]
    words = _Words(
        connection, settings, [*wanted, *(rider for live in wanted for rider in riders.get(live.id, ()))], cases
    )
    queued: Counter[str] = Counter()
    rows: list[tuple[Any, ...]] = []
    for live in wanted:
        rendered = words.render(live, riders.get(live.id, ()))
        if rendered is None:
            continue
        queued[live.rule] += 1
        if live.id in existing:
            _revive(connection, existing[live.id].id, live, rendered, now)
        else:
            rows.append(_values(settings, live, rendered, now))
    ids = take_ids(connection, message, len(rows))
    bulk.insert(
        connection, message, COLUMNS, [(number, *row) for number, row in zip(ids, rows, strict=True)], ignore=True
    )
    events = take_ids(connection, message_event, len(rows))
    bulk.insert(
        connection,
        message_event,
        ("id", "message_id", "at", "state"),
        [(event, number, stamp(now), "QUEUED") for event, number in zip(events, ids, strict=True)],
    )
    return queued


def _revivable(text: Row[Any]) -> bool:
    return bool(text.state == "CANCELLED" and text.attempts == 0)


def _revive(connection: Connection, number: int, live: Live, rendered: Rendered, now: datetime) -> None:
    """A text that was cancelled before it left goes after all, in today's words."""
    draft = live.draft
    assert draft is not None
    revived = connection.execute(
        update(message)
        .where(message.c.id == number, message.c.state == "CANCELLED", message.c.attempts == 0)
        .values(
            state="QUEUED",
            code=None,
            value=draft.point.value if draft.point is not None else message.c.value,
            text=rendered.text,
            params=json.dumps(dict(rendered.params), ensure_ascii=False),
            names_customer=int(rendered.names_customer),
            due_at=stamp(draft.timing.due),
            expires_at=maybe(draft.timing.expires),
            state_at=stamp(now),
        )
    )
    if revived.rowcount:
        messages.log(connection, [(number, "QUEUED", None, None)], now)


def _values(settings: Settings, live: Live, rendered: Rendered, now: datetime) -> tuple[Any, ...]:
    draft = live.draft
    assert draft is not None
    assert draft.point is not None
    rule = settings.rules[draft.rule]
    store = settings.store(draft.anchor.store)
    return text_row(
        rendered,
        store,
        touchpoint=live.id,
        customer=draft.anchor.customer,
        to=draft.point.value,
        channel=draft.channel,
        message_class=draft.message_class,
        purpose=rule.purpose,
        template=str(rule.template),
        due=draft.timing.due,
        expires_at=maybe(draft.timing.expires),
        now=now,
    )


class _Words:
    """Fills templates; plates and advisors' names are fetched once for all."""

    def __init__(
        self, connection: Connection, settings: Settings, texts: Sequence[Live], cases: Mapping[int, Case]
    ) -> None:
        self.settings, self.cases = settings, cases
        cars = {car for live in texts if live.draft is not None for car in live.draft.vehicles}
        rows = list(
            paged(
                connection,
                cars,
                lambda block: select(vehicle.c.id, vehicle.c.plate, vehicle.c.km2).where(among(vehicle.c.id, block)),
            )
        )
        self.cars = {row.id: row for row in rows}
        self.staff = {row.code: row.name for row in connection.execute(select(staff_table.c.code, staff_table.c.name))}
        self.staff |= {one.code: one.name for one in settings.staff}

    def render(self, live: Live, riders: Sequence[Live]) -> Rendered | None:
        """The text of a touchpoint with what rides on it; None when its rule has no template."""
        draft, template = live.draft, self._template(live)
        if draft is None or template is None:
            return None
        with_words = [(rider, words) for rider in riders if (words := self._template(rider)) is not None]
        return render(
            template,
            self.params(live),
            self.settings.lang,
            self.settings.store(draft.anchor.store),
            shared=draft.point is not None and draft.point.shared,
            message_class=draft.message_class,
            suffix=self.settings.suffix or shipped_suffix(),
            riders=[words for _, words in with_words],
            rider_params=[self.params(rider) for rider, _ in with_words],
        )

    def _template(self, live: Live) -> MessageTemplate | None:
        code = self.settings.rules[live.rule].template
        return self.settings.templates.get(code) if code is not None else None

    def params(self, live: Live) -> dict[str, str]:
        """Every variable this touchpoint can fill."""
        draft = live.draft
        assert draft is not None
        case, store = self.cases[live.id], self.settings.store(draft.anchor.store)
        cars = [self.cars[car] for car in draft.vehicles if car in self.cars]
        advisor = (case.order.advisor if case.order is not None else None) or case.customer.advisor or ""
        on, clock = _moment(draft.anchor.on, draft.anchor.at, store)
        return {
            "name": case.customer.full_name,
            "store": store.name,
            "phone": store.phone or "",
            "advisor": self.staff.get(advisor, advisor),
            "date": say_day(on, self.settings.lang),
            "time": clock,
            "plate": _list([row.plate for row in cars if row.plate], self.settings.lang),
            "km": str(cars[0].km2) if len(cars) == 1 and cars[0].km2 is not None else "",
            "event": dict(draft.anchor.label).get(self.settings.lang, ""),
        }


def _moment(on: date, at: datetime | None, store: Store) -> tuple[date, str]:
    shown = local(at, store.timezone) if at is not None else None
    return (on, "") if shown is None else (shown.date(), say_time(shown))


def _list(words: Sequence[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(words)


@functools.cache
def shipped_suffix() -> Suffix:
    """[suffix] of packs/messages.toml."""
    text = (resources.files("crmcore") / "packs" / "messages.toml").read_text("utf-8")
    return {name: words for name, words in tomllib.loads(text)["suffix"].items() if name != "sources"}
