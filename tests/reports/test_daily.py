"""The daily page: one file, nothing fetched, nothing executed, nobody recognisable."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import attrs
import openpyxl
import pytest
from tests.flows.desk_world import open_desk
from tests.flows.making import STORE, World

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.flows import callbacks
from crmcore.flows.report import daily
from crmcore.reports import files
from crmcore.reports.files import HTML, JSON, XLSX, as_text, html
from crmcore.types.contact import AnchorKind, TouchpointRule

RULE = TouchpointRule(
    code="POST_REPAIR_CALLBACK",
    label={"zh": "维修后回访", "en": "Callback after the repair"},
    purpose="CALLBACK",
    anchor=AnchorKind.HANDED_OVER,
    source="S1",
)


@pytest.fixture(name="facts")
def _facts(db, clock):
    """One call that is due, one text that was refused, one row that was rejected."""
    world = World(db, clock)
    person, value = world.customer(name="<script>王小明", name_key="x")
    now = clock.now()
    with db.writing() as connection:
        connection.execute(
            schema.touchpoint.insert().values(
                id=1, rule=RULE.code, subject="visit:1", anchor="visit:1", anchor_on="2026-11-19", occurrence="1", store="S01",
                customer_id=person, due_at=stamp(now - timedelta(days=1)), deadline_at=stamp(now - timedelta(hours=1)),
                channel="PHONE", message_class="SERVICE", state="DUE", explanation="{}", created_at=stamp(now), updated_at=stamp(now),
                executor="CR_AGENT", supervisors='["CR_MANAGER"]',
            )
        )  # fmt: skip
        connection.execute(schema.source.insert().values(id=1, name="main", system="main", pulled_at=stamp(now)))
        connection.execute(
            schema.reject.insert().values(
                id=1, source_id=1, part="ro.csv", at="ro.csv:17", column="手机号", shape="9.99A+99", reason="PHONE_SCIENTIFIC",
                catalog="crmcore", raw="{}", first_at=stamp(now), last_at=stamp(now),
            )
        )  # fmt: skip
    world.text(person, value, state="REFUSED", code="OPTED_OUT")
    return db, now, value


def rules():
    return {RULE.code: RULE}


def listed(db, clock, folder, *, masked, store=None):
    desk = open_desk(db, clock, folder).crm.desk()
    desk = attrs.evolve(desk, settings=attrs.evolve(desk.settings, rules=rules()))
    return callbacks.due_rows(db, desk, clock.now(), lang="zh", masked=masked, store=store)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_stands_alone(facts, lang):
    """No script, no image, no link, no address: nothing leaves the page, and its policy forbids it."""
    db, now, _ = facts
    page = html(daily(db, rules(), STORE, now, lang=lang), lang)

    assert not re.findall(r"<script|<img|<link|<iframe|https?:|@import|url\(", page)
    assert "default-src 'none'" in page
    assert ("zh-CN" if lang == "zh" else "en") == re.search(r'<html lang="([^"]+)"', page)[1]
    assert not re.findall(r">(?:daily|state|worklist)\.\w", page)


def test_the_page_shows_nobody(facts):
    """No full name and no number stands on the page, in HTML or JSON; a name that is HTML stays text."""
    db, now, value = facts
    told = daily(db, rules(), STORE, now, lang="zh")
    for text in (html(told, "zh"), as_text(told)):
        assert "王小明" not in text
        assert value.removeprefix("+86") not in text
        assert "<script>" not in text


def test_everything_that_did_not_happen_has_its_reason(facts):
    """The refused text and the rejected row stand there, with words and not only codes."""
    db, now, _ = facts
    lines = {line.id: line for line in daily(db, rules(), STORE, now, lang="zh").lines}

    assert {"M1": "OPTED_OUT", "J1": "PHONE_SCIENTIFIC"} == {number: line.code for number, line in lines.items()}
    assert all(line.why not in {line.code, ""} for line in lines.values())
    assert "手机号 9.99A+99" == lines["J1"].who


def test_a_late_call_is_counted_late(facts):
    """A deadline that has passed is shown as late."""
    db, now, _ = facts
    told = json.loads(as_text(daily(db, rules(), STORE, now, lang="en")))

    assert ("crmcore/report.daily@1", 1, 1) == (told["schema"], told["calls"], told["calls_late"])


def test_page_and_workbook_say_the_same(facts):
    """The call, the text and the row stand in both; the facts have codes."""
    db, now, _ = facts
    told = daily(db, rules(), STORE, now, lang="en")
    book = openpyxl.load_workbook(io.BytesIO(files.content(told, XLSX, "en")))
    cells = {
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    }
    page = files.content(told, HTML, "en").decode()

    assert {"Texts", "Sources", "What did not happen, and why", "What is planned next"} <= {
        sheet.title for sheet in book
    }
    assert {"M1", "J1", "手机号 9.99A+99", "main"} <= cells
    assert [] == [cell for cell in ("M1", "J1", "手机号 9.99A+99", "main") if cell not in page]
    assert b"crmcore/report.daily@1" in files.content(told, JSON, "en")


def test_the_worklist_tells_the_clerk_what_he_needs(facts, clock, tmp_path):
    """Masked on a screen, full in the file; the task, the roles and the deadline in words."""
    db, _, value = facts
    (shown,) = listed(db, clock, tmp_path, masked=True)
    (full,) = listed(db, clock, tmp_path, masked=False)

    assert value.removeprefix("+86") == full.phone
    assert "*" in shown.phone
    assert ("维修后回访", "客户关系专员", "客户关系经理", True) == (
        shown.task,
        shown.executor,
        shown.supervisors,
        shown.late,
    )
    assert "2026-11-22 09:00" == shown.deadline
    assert [] == listed(db, clock, tmp_path, masked=True, store="S02")


def test_a_number_that_wants_no_calls_is_not_on_the_worklist(facts, clock, tmp_path):
    """Do-not-call: the row stays with its reason to call, the number does not."""
    from crmcore.db import optouts

    db, now, value = facts
    with db.writing() as connection:
        optouts.refuse(connection, [(value, "PHONE")], "staff:E01", now)
    (row,) = listed(db, clock, tmp_path, masked=False)

    assert "" == row.phone


def test_what_rides_on_a_call_is_no_call_of_its_own(facts, clock, tmp_path):
    """A bundled contact is named in the call that carries it, and does not stand in the list twice."""
    db, *_ = facts
    with db.writing() as connection:
        first = connection.execute(schema.touchpoint.select()).mappings().one()
        connection.execute(
            schema.touchpoint.insert().values(
                {**first, "id": 2, "subject": "visit:2", "anchor": "visit:2", "bundled_into": 1}
            )
        )
    (row,) = listed(db, clock, tmp_path, masked=True)

    assert "维修后回访 + 维修后回访" == row.task


def test_a_text_that_no_rule_sends_has_a_name(facts):
    """The survey's link and the word after missed calls stand there in words."""
    db, now, _ = facts
    with db.writing() as connection:
        connection.execute(schema.message.update().values(template="SURVEY_LINK"))
    page = html(daily(db, rules(), STORE, now, lang="en"), "en")

    assert "Link to the survey" in page
    assert "SURVEY_LINK" not in page
