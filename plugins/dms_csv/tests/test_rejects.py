"""Rows that cannot be used are rejects that name the place, the column and the reason, and never the value."""

from __future__ import annotations

import pytest

from crmcore import lang
from crmcore.hooks import Reject


def test_a_row_with_another_number_of_cells(exports):
    """A delimiter in an unquoted cell shifts everything behind it; blank cells at the end shift nothing."""
    exports.put("工单号,客户姓名,备注\nRO1,张三,a,b\nRO2,张三\n")

    assert [
        (("ro.csv:2",), "", "ROW_CELL_COUNT", "4/3"),
        (("ro.csv:3",), "", "ROW_CELL_COUNT", "2/3"),
    ] == exports.rejects()


def test_blank_cells_too_many_or_of_columns_without_a_heading_shift_nothing(exports):
    """A delimiter at the end of every row, or of the header alone."""
    exports.put("工单号,客户姓名\nRO1,张三,,\n", name="a.csv")
    exports.put("工单号,客户姓名,,\nRO2,张三\n", name="b.csv")

    assert ["RO1", "RO2"] == [visit["key"] for visit in exports.records()]


def test_a_row_without_its_order_number(exports):
    """Merged cells leave it out below the first row."""
    exports.put("工单号,客户姓名\nRO1,张三\n,李四\n")

    (_visit, reject) = exports.said()
    assert (("ro.csv:3",), "工单号", "ORDER_NUMBER_MISSING") == (reject.at, reject.column, reject.reason)
    assert "crmcore_dms_csv" == reject.catalog


@pytest.mark.parametrize(
    ("head", "row"),
    [("工号,姓名,岗位", ",张三,服务顾问"), ("投诉单号,受理时间", ",2026-11-01"), ("客户编号,姓名,手机,VIN", ",,,V1")],
)
def test_a_row_without_its_key(exports, head, row):
    """Staff, complaints and customers need theirs too."""
    exports.put(f"{head}\n{row}\n")

    assert ["KEY_MISSING_IN_ROW"] == [reason for _, _, reason, _ in exports.rejects()]


@pytest.mark.parametrize(
    ("heading", "cell", "reason", "shape"),
    [
        ("工单号", "2.0261E+10", "CELL_SCIENTIFIC", "9.9999A+99"),
        ("客户姓名", "???", "CELL_QUESTION_MARKS", "???"),
        ("车架号", "\\N", "CELL_NULL_MARKER", "\\A"),
        ("进厂里程", "#REF!", "CELL_EXCEL_ERROR", "#AAA!"),
        ("备注", "锟斤拷", "CELL_REPLACED", "字字字"),
        ("客户姓名", "张\x00三", "CELL_NUL_BYTE", "字 字"),
    ],
)
def test_destroyed_text_names_its_column(exports, heading, cell, reason, shape):
    """What was lost before it reached us is not imported."""
    values = {"工单号": "RO1", "客户姓名": "张三", "车架号": "V", "进厂里程": "9", "备注": "", heading: cell}
    exports.put(",".join(values) + "\n" + ",".join(values.values()) + "\n")

    assert [(("ro.csv:2",), heading, reason, shape)] == exports.rejects()


def test_destroyed_text_in_a_column_that_nobody_reads_is_none_of_our_business(exports):
    """Neither is a phone number in scientific notation: the core says best what is wrong with it."""
    exports.put("工单号,星座,手机号\nRO1,???,1.38E+10\n")

    assert [{"phone": "1.38E+10"}] == [visit["customer"] for visit in exports.records()]


def test_what_excel_users_do_to_keep_digits_is_undone(exports):
    """="007", '007 and a tab behind the number are the number; a formula and a name with an apostrophe stay."""
    exports.put("工单号,手机号,客户姓名\n=\"007\",'13800130001,O'Neill\n00012,13800130001\t,=1+1\n")

    first, second = exports.records()
    assert ("007", {"phone": "13800130001", "name": "O'Neill"}) == (first["key"], first["customer"])
    assert ("00012", {"phone": "13800130001", "name": "=1+1"}) == (second["key"], second["customer"])


def test_an_unknown_kind_of_visit_is_not_taken_for_a_service(exports):
    """A wrong guess would send a wrong text."""
    exports.put("单据号,类型\n1,退车\n")

    assert [(("ro.csv:2",), "类型", "KIND_UNKNOWN", "")] == exports.rejects()


def test_a_broken_row_keeps_its_text_and_its_digest(exports):
    """So that a person can mend it and an unchanged one is recognised."""
    exports.put('工单号,备注\nRO1,"没有结束\nRO2,好\n')

    first, again = (exports.said()[0] for _ in range(2))
    assert isinstance(first, Reject)
    assert {"工单号": 'RO1,"没有结束'} == first.raw
    assert ("ROW_QUOTE_UNCLOSED", first.digest) == (again.reason, again.digest)


def test_a_row_in_another_encoding_is_a_reject(exports):
    """It is found when the row is read, and keeps its text as far as it can be shown."""
    exports.put("工单号,客户姓名\nRO1,张三\n".encode("gb18030") + "RO2,赵六赵六\n".encode())

    (_visit, reject) = exports.said()
    assert ("ROW_MIXED_ENCODING", ("ro.csv:3",)) == (reject.reason, reject.at)
    assert reject.raw["工单号"].startswith("RO2,")


def test_a_row_with_too_many_cells_keeps_all_of_them(exports):
    """The cells beyond the header are kept under their position."""
    exports.put("工单号,备注\nRO1,a,b\n")

    (entry,) = exports.entries()
    assert {"工单号": "RO1", "备注": "a", "#3": "b"} == entry.raw()


def test_no_value_is_told_in_a_reject(exports):
    """Its shape is; the row itself is kept out of every repr."""
    exports.put("工单号,客户姓名\n1.2E+10,张三\n")

    assert "张三" not in repr(exports.said())


@pytest.mark.parametrize("reason", ["ORDER_NUMBER_MISSING", "KEY_MISSING_IN_ROW", "KIND_UNKNOWN"])
@pytest.mark.parametrize("language", lang.LANGUAGES)
def test_every_reason_of_the_plugin_has_words_and_a_fix(reason, language):
    """In Chinese and in English."""
    text, fix = lang.reason(reason, language, "crmcore_dms_csv")

    assert text != reason
    assert fix
