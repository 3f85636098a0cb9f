"""What a wave says: respondents, their answers, and what an agency adds."""

from __future__ import annotations

import pytest
import xlsxwriter

from crmcore.errors import ConfigError, SourceError
from crmcore.hooks import Entry, Record, Reject
from crmcore.hooks.manager import Plugins
from crmcore_survey_csv import CsvSurvey, adapter

WAVE = (
    "样本编号,调研批次,服务顾问,访问时间,受访电话,A1 总体满意度,A3 服务态度,B1 茶水点心\n"
    "001,2026-Q3,顾问甲,2026-09-10 09:00,,5,4,3\n"
    "002,2026-Q3,顾问乙,2026-09-10 10:30,13800130001,2,不适用,\n"
)
QUOTED = '样本编号,服务顾问,A1,建议\n001,甲,5,"等太久？？\n不过态度好"\n'


def test_a_row_is_a_respondent_and_a_column_an_item(waves):
    """Fields go where they belong; every other column is an answer under the agency's own name, empty ones as None."""
    waves.put(WAVE)
    first, second = waves.responses()

    assert {
        "sample_id": "001",
        "wave": "2026-Q3",
        "staff": "顾问甲",
        "completed_at": "2026-09-10 09:00",
        "key": "2026-Q3/001",
    } == {key: value for key, value in first.items() if key != "answers"}
    assert [("A1 总体满意度", "5"), ("A3 服务态度", "4"), ("B1 茶水点心", "3")] == [
        (answer["item"], answer["value"]) for answer in first["answers"]
    ]
    assert {"phone": "13800130001"} == second["customer"]
    assert None is second["answers"][2]["value"]


def test_the_same_sample_number_in_two_waves_is_two_people(waves):
    """Agencies count from one each time."""
    waves.put("样本编号,服务顾问,A1\n001,甲,5\n", name="Q2.csv")
    waves.put("样本编号,服务顾问,A1\n001,甲,4\n", name="Q3.csv")

    assert ["Q2/001", "Q3/001"] == [said["key"] for said in waves.responses()]
    assert ["Q2", "Q3"] == [said["wave"] for said in waves.responses()]


def test_two_people_with_one_number_are_not_made_one(waves):
    """The first is taken, the second is told with the item in which they differ; the same said twice contradicts nobody."""
    waves.put("样本编号,服务顾问,A1,A2\n001,甲,5,\n001,甲,5,4\n001,乙,2,4\n002,乙,2,4\n001,甲,5,4\n")
    found = waves.said()
    (reject,) = (one for one in found if not isinstance(one, Record))

    assert (("2026-Q3.csv:4",), "A1", "9", "SAMPLE_TWICE") == (
        reject.at,
        reject.column,
        reject.value_shape,
        reject.reason,
    )
    assert ["001", "001", "002", "001"] == [one.data["sample_id"] for one in found if isinstance(one, Record)]


def test_a_wave_can_be_named_in_the_config(waves):
    """Where neither a column nor the file says it well."""
    waves.put("样本编号,服务顾问,A1\n001,甲,5\n", name="final_v2.csv")

    assert ["2026-Q3"] == [said["wave"] for said in waves.responses(wave="2026-Q3")]


def test_columns_can_be_named_and_ignored(waves):
    """Their heading for our field; what is no answer is left out, also with another case and spaces."""
    waves.put("Nr,Advisor name,Internal ID,A1\n7,顾问甲,x,5\n")
    (said,) = waves.responses(columns={"sample_id": "Nr", "staff": "Advisor name"}, ignore=("internal id",))

    assert ("7", "顾问甲") == (said["sample_id"], said["staff"])
    assert [{"item": "A1", "value": "5"}] == said["answers"]


def test_words_may_hold_question_marks_and_line_breaks(waves):
    """A customer's sentence is no destroyed text."""
    waves.put(QUOTED)
    (said,) = waves.responses()

    assert "等太久？？\n不过态度好" == said["answers"][1]["value"]


def test_a_destroyed_cell_rejects_its_row(waves):
    """A phone that Excel has eaten, and a row without its sample number; the others are taken."""
    waves.put(WAVE + "003,2026-Q3,顾问甲,2026-09-10 12:00,1.38E+10,5,5,5\n,2026-Q3,顾问甲,2026-09-10 12:00,,5,5,5\n")

    assert [
        (("2026-Q3.csv:4",), "受访电话", "CELL_SCIENTIFIC"),
        (("2026-Q3.csv:5",), "样本编号", "RESPONDENT_UNKNOWN"),
    ] == waves.rejects()
    assert 2 == len(waves.responses())


def test_a_row_that_lacks_its_last_cells_is_read(waves):
    """What is missing at the end was not answered."""
    waves.put("样本编号,服务顾问,A1,A2\n001,甲,5\n")

    assert [("A1", "5"), ("A2", None)] == [(a["item"], a["value"]) for a in waves.responses()[0]["answers"]]


def test_the_same_bytes_are_not_read_again(waves, monkeypatch):
    """A file that has not changed is counted, not opened."""
    waves.put(WAVE)
    cursor = waves.batches()[-1].cursor
    monkeypatch.setattr("crmcore_survey_csv.adapter.open_table", None)
    (batch,) = waves.batches(cursor)

    assert (2, (), ("2026-Q3.csv",)) == (batch.unchanged, batch.entries, batch.parts)


def test_a_digest_tells_only_what_is_said(waves):
    """The same row has the same digest wherever it stands and however its line ends; another mapping makes another."""
    waves.put(WAVE)
    before = [entry.digest for entry in waves.entries()]
    waves.put(WAVE.replace("\n", "\r\n"))

    assert before == [entry.digest for entry in waves.entries()]
    assert not set(before) & {entry.digest for entry in waves.entries(ignore=("B1 茶水点心",))}
    assert not set(before) & {entry.digest for entry in waves.entries(salt=b"2")}


def test_a_place_names_file_and_row(waves):
    """As an editor counts."""
    waves.put(WAVE)

    assert [("2026-Q3.csv:2",), ("2026-Q3.csv:3",)] == [
        entry.at for entry in waves.entries() if isinstance(entry, Entry)
    ]


def test_a_workbook_is_read_like_a_text(waves):
    """Numbers of a sheet are answers too."""
    with xlsxwriter.Workbook(waves.folder / "w.xlsx") as book:
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 0, ["样本编号", "服务顾问", "A1"])
        sheet.write_row(1, 0, ["001", "顾问甲", 5])
    (said,) = waves.responses(path="*.xlsx")

    assert ("w/001", [{"item": "A1", "value": "5"}]) == (said["key"], said["answers"])


@pytest.mark.parametrize(
    ("content", "code"), [("服务顾问,访问时间,A1\n甲,2026-09-10,4\n", "CRM-S462"), ("<html>no</html>", "CRM-S110")]
)
def test_a_file_that_is_no_wave_is_named(waves, content, code):
    """With what it lacks; `check` says it before the night does."""
    waves.put(content)

    with pytest.raises(SourceError) as pulled:
        waves.batches()
    with pytest.raises(SourceError) as checked:
        waves.adapter().check()
    assert {code} == {pulled.value.code, checked.value.code}


def test_a_path_without_files_is_an_error(waves):
    """The first time; later an empty folder is nothing new."""
    with pytest.raises(SourceError, match="CRM-S461"):
        waves.batches()


def test_a_field_that_does_not_exist_is_told_at_once(waves):
    """Before any file is opened."""
    with pytest.raises(ConfigError, match="CRM-S460"):
        waves.adapter(columns={"sample": "Nr"})


def test_it_is_installed_under_its_name():
    """The entry point leads here."""
    assert CsvSurvey is Plugins().adapters["survey", "csv"]


def test_of_a_very_long_wave_only_the_last_respondents_are_remembered(waves, monkeypatch):
    """A contradiction is found among neighbours; a file of a million rows is read in constant memory."""
    monkeypatch.setattr(adapter, "REMEMBERED", 2)
    waves.put("样本编号,服务顾问,A1\nP1,甲,1\nP2,甲,2\nP3,甲,3\nP3,甲,4\nP1,甲,5\n")

    said = waves.said()

    assert ["P3"] == [one.raw["样本编号"] for one in said if isinstance(one, Reject)]
