"""What a pull promises: nothing read twice for nothing, nothing lost in a crash, and the order of rows without meaning."""

from __future__ import annotations

import json
import random

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore.errors import ConfigError, SourceError
from crmcore.hooks import files as pulling
from crmcore.tables.delimited import Delimited
from crmcore_dms_csv import adapter as adapters

ORDERS = "工单号,客户姓名,项目,工时\nRO1,张三,换机油,0.5\nRO1,张三,换机滤,0.2\nRO2,李四,补胎,0.3\n"


def test_several_rows_of_one_order_are_one_visit_with_a_line_each(exports):
    """Each row is an entry of its own that carries its own line; the core merges them by the key."""
    exports.put(ORDERS)

    said = [(visit["key"], [line["op_name"] for line in visit["lines"]]) for visit in exports.records()]
    assert [("RO1", ["换机油"]), ("RO1", ["换机滤"]), ("RO2", ["补胎"])] == said


def digests(exports, **config):
    return [entry.digest for entry in exports.entries(**config)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_the_digest_of_a_row_does_not_depend_on_its_place(exports, rng, end):
    """The same rows in another order, another file, with other line ends: the same digests."""
    head, *rows = ORDERS.splitlines()
    exports.put(ORDERS)
    before = digests(exports)
    shuffled = random.Random(rng.random()).sample(rows, len(rows))
    exports.put(end.join([head, *shuffled, ""]), name="later/ro.csv")

    assert sorted(before) == sorted(digests(exports, path="later/*.csv"))
    assert 16 == len(before[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"salt": b"other"},
        {"columns": {"customer.name": "项目"}},
        {"words": {"kind": {"a": "SERVICE"}}},
        {"date_order": "mdy"},
    ],
)
def test_the_digest_changes_with_everything_that_changes_the_meaning_of_a_row(exports, changed):
    """Other cleaning rules, another mapping: every row is read again."""
    exports.put(ORDERS)

    assert not set(digests(exports)) & set(digests(exports, **changed))


def test_another_header_changes_the_digest(exports):
    """The same bytes under other headings are another fact."""
    exports.put("工单号,完工日期,交车日期\nRO1,a,b\n", name="a.csv")
    exports.put("工单号,交车日期,完工日期\nRO1,a,b\n", name="b.csv")

    assert 2 == len(set(digests(exports)))


def test_a_file_whose_bytes_have_not_changed_is_not_read(exports, monkeypatch):
    """Its rows are counted as unchanged, under the names of its parts."""
    exports.put(ORDERS)
    exports.put(ORDERS.replace("RO", "XO"), name="b.csv")
    cursor = exports.batches()[-1].cursor

    monkeypatch.setattr(adapters, "open_table", None)
    (batch,) = exports.batches(cursor)
    assert ((), 6, ("b.csv", "ro.csv")) == (batch.entries, batch.unchanged, batch.parts)
    assert json.loads(cursor) == json.loads(batch.cursor)


def test_a_file_that_has_grown_is_read_again_and_the_others_are_not(exports):
    """Its rows come with the digests they had."""
    exports.put(ORDERS)
    exports.put(ORDERS.replace("RO", "XO"), name="b.csv")
    first = exports.batches()
    exports.put(ORDERS + "RO3,王五,补漆,2\n")

    unchanged, grown = exports.batches(first[-1].cursor)
    assert (3, ("b.csv",)) == (unchanged.unchanged, unchanged.parts)
    assert 4 == len(grown.entries)
    assert {entry.digest for entry in first[1].entries} < {entry.digest for entry in grown.entries}


def test_other_rules_make_every_file_be_read_again(exports):
    """The cursor of another salt or config says nothing, nor does one that nobody can read."""
    exports.put(ORDERS)
    cursor = exports.batches()[-1].cursor

    for config in ({"salt": b"new"}, {"columns": {"remark": "项目"}}, {"encoding": "utf-8"}):
        assert [0] == [batch.unchanged for batch in exports.batches(cursor, **config)]
    for garbage in ("", "null", "[]", "{", '{"v": 9}', '{"v": 1, "mapping": 3}'):
        assert [3] == [len(batch.entries) for batch in exports.batches(garbage)], garbage


def test_a_crash_within_a_file_loses_nothing(exports, monkeypatch):
    """Wherever a pull is cut off, the next one from the last committed cursor brings every row that is missing."""
    monkeypatch.setattr(pulling, "ROWS", 2)
    exports.put(ORDERS, name="a.csv")
    exports.put(ORDERS.replace("RO", "XO"), name="b.csv")
    whole = exports.batches()
    everything = {entry.digest for batch in whole for entry in batch.entries}

    assert [2, 1, 2, 1] == [len(batch.entries) for batch in whole]
    for stop in range(len(whole)):
        kept = {entry.digest for batch in whole[:stop] for entry in batch.entries}
        cursor = whole[stop - 1].cursor if stop else None
        rest = exports.batches(cursor)
        assert everything == kept | {entry.digest for batch in rest for entry in batch.entries}, stop
        assert 6 == sum(batch.unchanged + len(batch.entries) for batch in rest), stop


def test_a_file_with_a_header_alone_is_known_too(exports):
    """A day without visits is a day."""
    exports.put("工单号,客户姓名\n")

    (batch,) = exports.batches()
    assert ((), 0) == (batch.entries, batch.unchanged)
    (again,) = exports.batches(batch.cursor)
    assert (0, ("ro.csv",)) == (again.unchanged, again.parts)


def test_a_file_that_is_gone_is_forgotten(exports):
    """It is not counted as unchanged, and nothing of it is deleted."""
    path = exports.put(ORDERS)
    exports.put(ORDERS, name="b.csv")
    cursor = exports.batches()[-1].cursor
    path.unlink()

    (batch,) = exports.batches(cursor)
    assert ("b.csv",) == batch.parts
    (exports.folder / "b.csv").unlink()
    assert [] == exports.batches(cursor)


def test_no_file_at_all_is_an_error_the_first_time(exports):
    """A path with a typo is not an empty dealer."""
    with pytest.raises(SourceError) as raised:
        exports.batches()

    assert ("CRM-S143", "*.csv") == (raised.value.code, raised.value.at)


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_read(exports, caplog):
    """Its error comes at the end; a second one is logged, and both come again next time."""
    exports.put(b"", name="a.csv")
    exports.put(ORDERS, name="b.csv")
    exports.put("x,y\n1,2\n", name="c.csv")
    batches = []

    with pytest.raises(SourceError) as raised:
        batches.extend(batch for batch in exports.adapter().pull(None))
    with pytest.raises(SourceError):
        batches.extend(batch for batch in exports.adapter().pull(batches[-1].cursor))

    assert ("CRM-S102", "a.csv") == (raised.value.code, raised.value.at)
    assert [3, 0] == [len(batch.entries) for batch in batches]
    assert ["b.csv"] == list(batches[-1].parts)
    assert "CRM-S105 c.csv" in caplog.text


def test_a_file_that_is_locked_is_an_error_that_says_so(exports, monkeypatch):
    """Excel on Windows holds what it shows."""
    exports.put(ORDERS)
    monkeypatch.setattr(adapters.files.hashlib, "file_digest", refuse)

    with pytest.raises(SourceError) as raised:
        exports.batches()

    assert "CRM-S103" == raised.value.code


def refuse(*_anything):
    raise PermissionError


def test_files_are_named_below_the_fixed_part_of_their_path(exports):
    """Two folders, two names; Excel's own lock files and hidden files are no exports."""
    for name in ("s1/ro.csv", "s2/ro.csv", "s2/~$ro.csv", "s2/.ro.csv"):
        exports.put(ORDERS, name=f"exports/{name}")

    assert ["s1/ro.csv:2", "s2/ro.csv:2"] == [
        entry.at[0] for entry in exports.entries(path="exports/**/*.csv") if entry.at[0].endswith(":2")
    ]
    assert ["s1/ro.csv:2"] == [
        entry.at[0] for entry in exports.entries(path=("exports/s1/*.csv", "exports/s2/x*.csv"))
    ][:1]
    assert "ro.csv:2" == exports.entries(path="exports/s1/ro.csv")[0].at[0]


def workbook(path, sheets):
    book = xlsxwriter.Workbook(str(path))
    for title, rows in sheets.items():
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()


def test_every_sheet_with_a_known_header_is_read(exports):
    """Months on sheets of their own, a cover sheet without a table; places name the sheet."""
    rows = [["工单号", "手机号"], ["RO1", 13800130001]]
    workbook(exports.folder / "ro.xlsx", {"说明": [["请勿修改"]], "十月": rows, "十一月": [["标题"], *rows]})

    batches = exports.batches(path="*.xlsx")
    entries = [entry for batch in batches for entry in batch.entries]
    assert [("ro.xlsx!十月:2",), ("ro.xlsx!十一月:3",)] == [entry.at for entry in entries]
    assert "13800130001" == entries[0].records()[0].data["customer"]["phone"]
    (again,) = exports.batches(batches[-1].cursor, path="*.xlsx")
    assert (2, ("ro.xlsx!十月", "ro.xlsx!十一月")) == (again.unchanged, again.parts)
    assert [("ro.xlsx!十一月:3",)] == [entry.at for entry in exports.entries(path="*.xlsx", sheet="十一月")]


def test_a_workbook_without_a_known_sheet_is_an_error(exports):
    """However many sheets it has."""
    workbook(exports.folder / "ro.xlsx", {"a": [["x", "y"]], "b": [["x", "y"]]})

    with pytest.raises(SourceError) as raised:
        exports.batches(path="*.xlsx")

    assert "CRM-S105" == raised.value.code


def test_a_workbook_beyond_the_configured_size_is_an_error(exports):
    """workbook_mb = 0 refuses every workbook before it is opened."""
    workbook(exports.folder / "ro.xlsx", {"a": [["工单号", "手机号"]]})

    with pytest.raises(SourceError) as raised:
        exports.batches(path="*.xlsx", workbook_mb=0)

    assert "CRM-S112" == raised.value.code


def test_check_reads_the_headers_and_writes_nothing(exports):
    """It finds what a pull would stumble over."""
    exports.put(ORDERS)
    exports.adapter().check()
    exports.put("车牌号,里程\n1,2\n", name="z.csv")

    with pytest.raises(SourceError) as raised:
        exports.adapter().check()

    assert ("CRM-S141", "z.csv") == (raised.value.code, raised.value.at)


def test_rows_stay_unparsed_until_they_are_asked_for(exports, monkeypatch):
    """A row that was seen before is never decoded: a pull knows its bytes and no more."""
    exports.put(ORDERS)
    monkeypatch.setattr(Delimited, "parse", refuse)

    entries = exports.entries()
    assert 3 == len(entries)
    with pytest.raises(PermissionError):
        entries[0].records()


def test_files_of_two_drives_are_named_in_full(exports, monkeypatch):
    """Windows knows no path between C: and D:."""
    exports.put(ORDERS)
    monkeypatch.setattr(adapters.files.os.path, "commonpath", no_common_path)

    assert f"{exports.folder.as_posix()}/ro.csv:2" == exports.entries()[0].at[0]


def no_common_path(_paths):
    raise ValueError


@pytest.mark.parametrize("delimiter", ["||", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_an_error_before_any_file_is_read(exports, delimiter):
    """One character, and none that means something else."""
    with pytest.raises(ConfigError) as raised:
        exports.adapter(delimiter=delimiter)

    assert "CRM-S144" == raised.value.code


def test_a_configured_delimiter_is_believed(exports):
    """A caret is found by nobody, but can be said."""
    exports.put("工单号^客户姓名\nRO1^张三\n")

    assert ["RO1"] == [visit["key"] for visit in exports.records(delimiter="^")]
