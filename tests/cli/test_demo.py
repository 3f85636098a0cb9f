"""The newcomer's first command: the whole loop, offline, with a story that is true."""

from __future__ import annotations

import csv
import html
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from tests.cli.mistakes import sql

from crmcore.hooks import manager
from crmcore.sample import generate

ORDER = {
    "en": ("Learn", "Decide", "Speak", "Hand over", "Hear", "Mend", "Show", "Next"),
    "zh": ("● 学习", "● 决定", "● 开口", "● 交给人", "● 倾听", "● 改善", "● 呈现", "接下来"),
}
PAGES = ("csi", "board", "calls")


def demo(folder: Path, lang: str = "en", *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crmcore", "demo", "--folder", str(folder), "--lang", lang, *more],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
        timeout=120,
    )


@pytest.fixture(name="told", scope="module", params=["en", "zh"])
def _told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "crmcore-demo"
    done = demo(folder, request.param)
    assert 0 == done.returncode, done.stderr
    return request.param, folder, done.stdout


def test_the_story_is_told_in_order(told):
    """Learn, decide, speak, hand over, and what to do next."""
    lang, _, said = told
    places = [said.index(word) for word in ORDER[lang]]

    assert sorted(places) == places


def test_it_leaves_files_to_go_on_with(told):
    """The config, the store, the worklist, the rejects and the report are there; what holds people is for their owner alone."""
    _, folder, _ = told
    pages = (f"{page}.{suffix}" for page in PAGES for suffix in ("html", "xlsx"))
    modes = {
        name: stat.S_IMODE((folder / name).stat().st_mode)
        for name in ("crm.db", "worklist.xlsx", "worklist-filled.csv", "rejects.csv", "report.html", *pages)
    }

    assert {0o600} == set(modes.values())
    assert (folder / "crm.toml").exists()


def test_the_counts_are_the_dealers_truth(told):
    """Rows that were rejected are those that the sample dealer knows to be bad."""
    _, folder, _ = told
    truth = generate().truth
    with (folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.reader(file))[1:]

    assert sum(counts.rejected for counts in truth.counts) == len(rejected)


def test_texts_travelled_and_a_refusal_came_back(told):
    """Every text that went is delivered, and the customer who answered 退订 is out."""
    _, folder, _ = told
    states = dict(sql(folder, "select state, count(*) from message group by state"))
    ((outs,),) = sql(folder, "select count(*) from opt_out where source like 'reply:%'")
    replies = sorted(sql(folder, "select state, text from reply"))
    answers = sorted(each.text for each in generate().answers)

    assert ["DELIVERED"] == list(states)
    assert 10 <= states["DELIVERED"]
    assert 1 == outs
    assert answers == sorted(text for _, text in replies)
    assert ["退订"] == [text for state, text in replies if state == "OPTED_OUT"]


def test_a_text_that_opened_a_case_names_it(told):
    """It does not just wait for a person: its case is told where the text is told, and is the one of the list."""
    lang, folder, said = told
    ((reply, case),) = sql(folder, "select evidence_id, complaint_id from complaint_evidence where kind = 'REPLY'")
    (line,) = (line for line in said.splitlines() if f" I{reply}" in line)

    assert ("opened" if lang == "en" else "立案") in line
    assert f"K{case}" in line
    assert 1 == sum(("waits for a person" if lang == "en" else "等人处理") in line for line in said.splitlines())


def test_what_the_clerk_filled_in_is_taken(told):
    """Every row of the morning is a call with its result, and nothing else is: what was not called stays on the list."""
    _, folder, _ = told
    voices = generate().voices

    assert sorted(call.result for call in voices.calls) == sorted(
        result for (result,) in sql(folder, "select result from attempt where complaint_id is null")
    )
    with (folder / "worklist-filled.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(voices.calls) == sum(bool(row.get("回访结果") or row.get("Result")) for row in rows)


def test_what_was_answered_is_taken(told):
    """The web's answers through a server that speaks as LimeSurvey does, the agency's from its files: each once."""
    _, folder, _ = told
    voices = generate().voices
    counts = dict(sql(folder, "select source, count(*) from survey_response where source is not null group by source"))

    assert len(voices.online) == counts["survey.web"]
    assert sum(len(rows) for rows in voices.rows.values()) == counts["survey.agency"]


CHANNELS = {"RESPONSE": "SURVEY", "ATTEMPT": "CALLBACK", "REPLY": "MESSAGE"}


def test_three_complaints_come_of_it(told):
    """One out of a low score, one out of a call, one out of a text: about what the dealer's truth says, one late, one closed."""
    _, folder, _ = told
    cases = generate().voices.cases
    found = sql(
        folder,
        "select channel, category, state = 'CLOSED', exists(select 1 from escalation where complaint_id = id)"
        " from complaint where origin = 'CRM' order by channel",
    )

    assert sorted((CHANNELS[case.evidence], case.category, case.closed, case.breached) for case in cases) == found
    assert [(1, "HANDOVER", 0)] == sql(folder, "select level, clock, late from escalation"), (
        "for its thirty minutes, in time"
    )
    assert {(kind,) for kind in CHANNELS} == set(sql(folder, "select distinct kind from complaint_evidence"))


def test_the_closed_one_had_its_second_callback(told):
    """Its last steps are a solution, a call and the end; its customer is content."""
    _, folder, _ = told
    ((case, outcome, restored),) = sql(
        folder, "select id, outcome, restored from complaint where state = 'CLOSED' and origin = 'CRM'"
    )
    steps = [
        kind for (kind,) in sql(folder, "select kind from complaint_event where complaint_id = ? order by seq", case)
    ]

    assert ("RESTORED", 1) == (outcome, restored)
    assert ["RESOLVE", "CALL_BACK", "CLOSE"] == steps[-3:]
    assert [("DONE",)] == sql(folder, "select result from attempt where complaint_id = ?", case)


def test_colleagues_were_told_of_each_and_of_no_customer(told):
    """Every alert that was due left for the group's robot; what the group reads names cases, never a customer."""
    _, folder, said = told
    mine = [number for (number,) in sql(folder, "select id from complaint where origin = 'CRM'")]
    people = sql(folder, "select name, value from customer join contact_point on customer_id = customer.id")

    assert set(mine) == {case for (case,) in sql(folder, "select complaint_id from alert where sent_at is not null")}
    assert all(f"K{number}" in said for number in mine)
    assert not [each for pair in people for each in pair if len(each) > 3 and each.removeprefix("+86") in said]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_and_its_workbook_say_the_same(told, page):
    """Every word of the workbook's tables stands on the page as well."""
    _, folder, _ = told
    text = read(folder / f"{page}.html")
    book = openpyxl.load_workbook(folder / f"{page}.xlsx")
    words = {
        " ".join(part.split())
        for sheet in book.worksheets
        for row in sheet.iter_rows(min_row=2, values_only=True)
        for cell in row
        if isinstance(cell, str)
        for part in cell.split(" · ")
        if not part.isascii()
    }

    assert len(words) > 3
    assert [] == [word for word in sorted(words) if word not in text]


def read(path: Path) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", path.read_text("utf-8"))).split())


def test_the_picture_is_the_dealers_truth(told):
    """The agency's last wave, item by item as counted on one's fingers, on the page and in the workbook; our own three cases on the board."""
    _, folder, _ = told
    page = read(folder / "csi.html")
    book = openpyxl.load_workbook(folder / "csi.xlsx")
    numbers = {
        cell
        for sheet in book.worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if isinstance(cell, float)
    }
    tallies = [each for each in generate().voices.tallies if (each.wave, each.staff) == ("2026-Q3", None)]
    board = read(folder / "board.html")

    assert len(tallies) > 5
    for each in tallies:
        assert f"{float(each.index):.1f}" in page, each
        assert round(float(each.index), 1) in {round(number, 1) for number in numbers}, each
    for (number,) in sql(folder, "select id from complaint where origin = 'CRM' and state <> 'CLOSED'"):
        assert f"K{number}" in board


def test_the_worklist_is_what_the_screen_shows(told):
    """The workbook has one row a call that the story counts, with full numbers; the screen has none."""
    _, folder, said = told
    rows = list(openpyxl.load_workbook(folder / "worklist.xlsx").active.iter_rows(min_row=3, values_only=True))
    phones = [str(cell) for row in rows for cell in row if cell and str(cell).isdigit() and len(str(cell)) == 11]

    assert str(len(rows)) in said.split("worklist.xlsx")[0].splitlines()[-1]
    assert len(rows) == len(phones)
    assert not [phone for phone in phones if phone in said]


def test_it_can_be_run_again(told):
    """A second demo replaces the first."""
    lang, folder, said = told
    again = demo(folder, lang)

    assert 0 == again.returncode
    assert said == again.stdout


def test_a_folder_with_somebody_elses_config_is_left_alone(tmp_path):
    """A crm.toml that the demo did not write is not overwritten."""
    (tmp_path / "crm.toml").write_text("lang = 'zh'\n")
    done = demo(tmp_path)

    assert 2 == done.returncode
    assert "CRM-U220" in done.stderr
    assert "lang = 'zh'\n" == (tmp_path / "crm.toml").read_text()


@pytest.mark.parametrize(("adapter", "code"), [("nobody", "CRM-U221"), ("dingtalk", "CRM-U222")])
def test_an_adapter_without_a_sandbox_is_told_before_anything_is_touched(tmp_path, adapter, code):
    """An adapter that is not installed, and one that brings no vendor: each with the names that can be taken, and no file written."""
    done = demo(tmp_path / "d", "en", "--messaging", adapter)

    assert 2 == done.returncode
    assert code in done.stderr
    assert "gateway" in done.stderr
    assert not (tmp_path / "d").exists()


def test_without_its_gateway_the_demo_says_what_is_missing(monkeypatch):
    """Where no plugin brings a vendor for texts, the message names none and says what to do."""
    from crmcore.cli import demo_stage
    from crmcore.cli.state import State
    from crmcore.errors import UsageError

    monkeypatch.setattr(manager.Plugins, "_find", lambda self, disabled: None)
    with pytest.raises(UsageError) as caught:
        demo_stage.adapter(State(), demo_stage.GATEWAY)

    assert "Install the plugin that brings it, or write one of: —." in caught.value.render("en")


def test_machines_get_one_object(tmp_path):
    """With --json the story is one object that names the files."""
    import json

    done = demo(tmp_path / "d", "en", "--json")
    told = json.loads(done.stdout)

    assert "crmcore/demo@1" == told["schema"]
    assert all(Path(file).exists() for file in told["files"])
