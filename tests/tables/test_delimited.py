"""Text tables: the header, the rows with their lines, what is no row, and what is broken."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore.errors import SourceError
from crmcore.tables import delimited, encoding, open_table

HEADINGS = ("工单号", "客户姓名", "手机号", "备注", "工时费")


def rows(path, **options):
    with open_table(path, headings=HEADINGS, **options) as table:
        return [(row.number, row.cells) for row in table]


def reasons(path):
    with open_table(path, headings=HEADINGS) as table:
        return [(row.number, row.reason) for row in table]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_shows_the_headings(write, delimiter):
    """Comma, semicolon, tab and bar are told by the header, not by counting characters."""
    text = (
        delimiter.join(["工单号", "客户姓名"])
        + "\n"
        + delimiter.join(["RO1", "张三;a b"[: 2 if delimiter == ";" else 9]])
        + "\n"
    )
    path = write(text)

    with open_table(path, headings=HEADINGS) as table:
        assert (delimiter, ("工单号", "客户姓名"), 1) == (table.delimiter, table.columns, table.header_row)


def test_a_title_above_the_header_is_passed_over(write):
    """The header is the row with known headings, and lines are counted as the editor shows them."""
    path = write("示范店 维修工单明细, 截至 2026-11-22\n\n工单号,客户姓名\nRO1,张三\n")

    assert [(4, ["RO1", "张三"])] == rows(path)


def test_headings_are_known_in_any_dress(write):
    """Case, spaces, full-width letters and a unit in brackets do not hide a heading."""
    path = write("RO Number,ＶＩＮ,进厂里程（公里）\nRO1,V,9\n")

    with open_table(path, headings=("ro_number", "vin", "进厂里程")) as table:
        assert 1 == table.header_row


def test_a_file_without_known_headings_is_an_error(write):
    """It is not imported under guessed headings."""
    with pytest.raises(SourceError) as raised:
        open_table(write("a,b\n1,2\n"), headings=HEADINGS)

    assert ("CRM-S105", "ro.csv") == (raised.value.code, raised.value.at)


def test_a_header_below_the_twentieth_row_is_not_looked_for(write):
    """Twenty rows of title are no title."""
    with pytest.raises(SourceError):
        open_table(write("x\n" * 21 + "工单号,客户姓名\n"), headings=HEADINGS)


def test_a_second_column_of_the_same_name_gets_a_name_of_its_own(write):
    """And a column without a heading is called by its position."""
    path = write("工单号,手机号,,手机号\nRO1,1,2,3\n")

    with open_table(path, headings=HEADINGS) as table:
        assert ("工单号", "手机号", "#3", "手机号 (2)") == table.columns


@pytest.mark.parametrize("quoted", ["", '"合计","","1,100"\n'])
def test_totals_blank_rows_and_footers_are_no_records(write, quoted):
    """合计, 小计, 总计, a footer, the header of a second page and rows of nothing but commas are passed over; a customer is not."""
    path = write(
        "工单号,客户姓名,工时费\nRO1,张三,100\n小计,,100\n,,\n\n,本页合计：,100\n合 计,,100\n总计(2),,\n工单号,客户姓名,工时费\n"
        "RO2,合计先生,5\n合肥客户,李四,5\n制表人：张三,,\n第 1 页 共 2 页,,\nTotal,,9\n" + quoted
    )

    assert [(2, "RO1"), (10, "RO2"), (11, "合肥客户")] == [(number, cells[0]) for number, cells in rows(path)]


def test_a_line_break_in_quotes_belongs_to_the_cell(write):
    """The record is named by the first of its lines, and the next by the line after its last."""
    path = write('工单号,备注\r\nRO1,"异响\n已试车\r\n复查"\r\nRO2,好\r\n')

    assert [(2, ["RO1", "异响\n已试车\n复查"]), (5, ["RO2", "好"])] == rows(path)


def test_quotes_within_quotes_and_without_them_are_read(write):
    """Doubled quotes, a delimiter in quotes, and an inch mark in an unquoted cell."""
    path = write('工单号,备注,工时费\nRO1,"说""好"", 走",1\nRO2,15" 轮毂,2\n"RO3","",""\n')

    assert [["RO1", '说"好", 走', "1"], ["RO2", '15" 轮毂', "2"], ["RO3", "", ""]] == [cells for _, cells in rows(path)]


def test_a_quote_that_is_never_closed_costs_one_row(write):
    """The rows after it are read; none of them disappears into its cell."""
    path = write('工单号,备注\nRO1,"没有结束\nRO2,好\nRO3,好\n')

    assert [(2, "ROW_QUOTE_UNCLOSED"), (3, ""), (4, "")] == reasons(path)


def test_a_quote_that_swallows_rows_until_the_next_quote_costs_one_row(write):
    """Text after a closing quote shows that it closed something else."""
    path = write('工单号,备注\nRO1,"没有结束\nRO2,好\nRO3,"好"\nRO4,好\n')

    assert [(2, "ROW_QUOTE_BROKEN"), (3, ""), (4, ""), (5, "")] == reasons(path)


def test_phps_backslash_before_a_quote_is_named(write):
    """PHP's fputcsv writes it; a reader that trusts it returns wrong text without a word."""
    path = write('工单号,备注\nRO1,"客户说\\"异响\\"很大"\nRO2,好\n')

    assert [(2, "CELL_BACKSLASH_QUOTE"), (3, "")] == reasons(path)


def test_a_cell_that_is_too_long_is_a_broken_row(write):
    """A quarter of a megabyte in quotes is a missing quote, not a remark."""
    path = write('工单号,备注\nRO1,"' + "长" * 140_000 + '"\nRO2,好\n')

    assert [(2, "CELL_TOO_LONG"), (3, "")] == reasons(path)


def test_a_line_without_end_is_an_error_and_not_a_gigabyte_of_memory(write):
    """A binary file under the name of a table stops at a few megabytes."""
    path = write(b"ro_number,customer\n" + b"x" * (6 << 20))

    with open_table(path, headings=("ro_number", "customer")) as table, pytest.raises(SourceError) as raised:
        list(table)

    assert "CRM-S108" == raised.value.code


def test_the_bytes_of_a_row_do_not_depend_on_its_line_end(write):
    """The same rows with CRLF, LF, and without the last line end have the same bytes for their digests."""
    text = '工单号,备注\nRO1,"a\nb"\nRO2,好\n'
    found = []
    for number, content in enumerate((text, text.replace("\n", "\r\n"), text.rstrip("\n"))):
        with open_table(write(content, name=f"{number}.csv"), headings=HEADINGS) as table:
            found.append([row.raw for row in table])

    assert found[0] == found[1] == found[2]


def test_lines_that_end_in_a_carriage_return_alone_are_lines(write):
    """Old Macs and some mainframes write them."""
    assert [(2, ["RO1", "张三"]), (3, ["RO2", "李四"])] == rows(write("工单号,客户姓名\rRO1,张三\rRO2,李四\r"))


def test_a_table_without_a_header_counts_its_columns(write):
    """The first line is a record, and the delimiter the one that cuts every row alike."""
    path = write("20261101;BMW;RO1\n20261102;BMW, X5;RO2\n")

    with open_table(path, headings=(), header=False) as table:
        assert (";", ("#1", "#2", "#3"), 0) == (table.delimiter, table.columns, table.header_row)
        assert [(1, "RO1"), (2, "RO2")] == [(row.number, row.cells[2]) for row in table]


def test_tabs_under_the_name_of_a_workbook_are_read_as_the_text_they_are(write):
    """Many systems call a text table .xls."""
    assert [(2, ["RO1", "张三"])] == rows(write("工单号\t客户姓名\nRO1\t张三\n", name="ro.xls", encoding="gb18030"))


@pytest.mark.parametrize(
    "head", ["<html><table>", "\ufeff<!DOCTYPE html>", "  <table border=1>", '<?xml version="1.0"?>']
)
def test_a_web_page_under_the_name_of_a_workbook_is_an_error(write, head):
    """It opens in Excel, which is why nobody noticed."""
    with pytest.raises(SourceError) as raised:
        open_table(write(head + "<tr><td>工单号", name="ro.xls"), headings=HEADINGS)

    assert "CRM-S110" == raised.value.code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + bytes(900)),
        ("crm.db", b"SQLite format 3\x00" + bytes(900)),
        ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(900)),
        ("list.rtf", b"{\\rtf1\\ansi}"),
        ("~$list.xlsx", b"\x05admin" + bytes(158)),
    ],
)
def test_what_is_picked_instead_of_the_table_is_told(tmp_path, name, content):
    """A PDF, our own store, a picture, the lock file of a table that is open: none of them is a strange encoding."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as raised:
        open_table(tmp_path / name, headings=HEADINGS)

    assert ("CRM-S117", name) == (raised.value.code, raised.value.at)


def test_a_record_across_two_blocks_is_one_record(write, monkeypatch):
    """Wherever the blocks are cut, the rows and their lines stay what they are."""
    text = "工单号,备注\r\n" + "".join(f'RO{n},"第{n}\n行"\r\nRX{n},"x"\r\n' for n in range(40))
    path = write(text)
    whole = rows(path)

    for size in (7, 64, 129, 1000):
        monkeypatch.setattr(encoding, "BLOCK", size)
        with open_table(path, headings=HEADINGS, delimiter=",", header=size > 200) as table:
            found = [(row.number, row.cells) for row in table]
        assert whole == (found if size > 200 else found[1:]), size


def test_a_megabyte_of_rows_is_read_in_a_few_hundred_kilobytes(write, monkeypatch):
    """Memory depends on the size of a block, not on that of the file."""
    monkeypatch.setattr(encoding, "BLOCK", 16 << 10)
    peaks = []
    for count in (5_000, 50_000):
        path = write("工单号,客户姓名,备注\n" + "".join(f'RO{n:07d},张三,"好"\n' for n in range(count)))
        tracemalloc.start()
        with open_table(path, headings=HEADINGS) as table:
            assert count == sum(1 for _ in table)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.5


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    table=st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=8),
    delimiter=st.sampled_from(delimited.DELIMITERS),
    coding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_whatever_a_csv_writer_writes_comes_back(tmp_path, table, delimiter, coding, end, quoting):
    """Any table in any delimiter, encoding, line end and quoting gives its cells again."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([["工单号", "备注", "客户姓名"], *([f"RO{number}", *cells] for number, cells in enumerate(table))])
    path = tmp_path / "table.csv"
    path.write_bytes(stream.getvalue().encode(coding))

    with open_table(path, headings=HEADINGS) as found:
        assert [[f"RO{number}", *cells] for number, cells in enumerate(table)] == [row.cells for row in found]
