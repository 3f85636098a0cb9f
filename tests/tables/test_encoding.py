"""Which encoding a file is in, and that no byte of it is ever read as another word."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.errors import SourceError
from crmcore.tables import encoding as encodings
from crmcore.tables import open_table

HEADINGS = ("工单号", "客户姓名", "手机号")
TABLE = "工单号,客户姓名\nRO1,张三\nRO2,李四\n"


def cells(path, **options):
    with open_table(path, headings=HEADINGS, **options) as table:
        return [row.cells for row in table]


@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8"),
        ("gb18030", b"", "gb18030"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_every_encoding_of_an_export_is_recognised(write, encoding, mark, found):
    """UTF-8 with and without a mark, GB18030 and UTF-16 with a mark give the same cells."""
    path = write(mark + TABLE.encode(encoding))

    with open_table(path, headings=HEADINGS) as table:
        assert found == table.encoding
        assert [["RO1", "张三"], ["RO2", "李四"]] == [row.cells for row in table]


def test_a_rare_character_of_gb18030_is_read(write):
    """A name that GBK has no room for is read from GB18030."""
    path = write("工单号,客户姓名\nRO1,张䶮\n", encoding="gb18030")

    assert [["RO1", "张䶮"]] == cells(path)


def test_a_byte_in_the_last_row_decides_as_much_as_one_in_the_first(write):
    """A file that is plain ASCII for two megabytes and GB18030 in its last row is GB18030."""
    plain = "".join(f"RO{number:08d},Zhang\n" for number in range(150_000))
    path = write(b"ro_number,customer\n" + plain.encode() + "RO9,张三\n".encode("gb18030"))

    with open_table(path, headings=("ro_number", "customer")) as table:
        assert "gb18030" == table.encoding
        assert ["RO9", "张三"] == list(table)[-1].cells


def test_a_damaged_byte_late_in_a_utf8_file_is_named_by_its_line(write):
    """UTF-8 with one broken byte is never read as GB18030, although GB18030 could read it."""
    good = "工单号,客户姓名\n" + "".join(f"RO{number},张三\n" for number in range(120_000))
    broken = good.encode() + "RO,李".encode()[:-1] + b"\n"
    path = write(broken)

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS)

    assert ("CRM-S106", "ro.csv:120002") == (raised.value.code, raised.value.at)


def test_a_damaged_byte_in_a_small_utf8_file_is_named_too(write):
    """The same holds when the whole file fits into one block."""
    path = write("工单号,客户姓名\nRO1,张三\nRO2,".encode() + "李四".encode()[:-1] + b"\n")

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS)

    assert ("CRM-S106", "ro.csv:3") == (raised.value.code, raised.value.at)


def test_a_utf8_row_in_a_gb18030_file_is_a_reject_and_not_other_words(write):
    """Two exports pasted together are told apart row by row."""
    path = write("工单号,客户姓名\nRO1,张三\nRO2,王小明客户\n".encode("gb18030") * 3 + "RO3,赵六赵六\n".encode())

    with open_table(path, headings=HEADINGS) as table:
        last = list(table)[-1]

    assert ("ROW_MIXED_ENCODING", []) == (last.reason, last.cells)


def test_bytes_that_are_nothing_are_an_error_with_both_lines(write):
    """Neither UTF-8 nor GB18030: the error names the line where each gave up."""
    path = write("工单号,客户姓名\nRO1,张三\n".encode("gb18030") + b"RO2,\xff\xff\n")

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS)

    assert ("CRM-S104", "ro.csv:3", 1) == (raised.value.code, raised.value.at, raised.value.params["utf8_line"])


def test_utf16_without_a_mark_is_an_error_that_says_so(write):
    """It is not read as ASCII with holes."""
    path = write(TABLE.replace("张三", "Zhang").replace("工单号", "ro").encode("utf-16-le"))

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS)

    assert "CRM-S107" == raised.value.code


def test_utf16_without_a_mark_is_read_when_the_config_says_so(write):
    """The configured "utf-16-le" is believed and proven."""
    path = write(TABLE.encode("utf-16-le"))

    assert [["RO1", "张三"], ["RO2", "李四"]] == cells(path, encoding="utf-16-le")


@pytest.mark.parametrize(("encoding", "code"), [("utf-8", "CRM-S115"), ("utf-9", "CRM-S114")])
def test_a_wrong_encoding_in_the_config_is_an_error(write, encoding, code):
    """What the config insists on must fit, and must exist."""
    path = write(TABLE, encoding="gb18030")

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS, encoding=encoding)

    assert code == raised.value.code


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n \n"])
def test_an_empty_file_is_an_error_that_says_so(write, content):
    """No bytes, a mark alone, blank lines alone."""
    with pytest.raises(SourceError) as raised:
        open_table(write(content), headings=HEADINGS)

    assert "CRM-S102" == raised.value.code


def test_a_missing_file_is_an_error_that_says_so(tmp_path):
    """The error names the file, not its folder."""
    with pytest.raises(SourceError) as raised:
        open_table(tmp_path / "ro.csv", headings=HEADINGS)

    assert ("CRM-S101", "ro.csv") == (raised.value.code, raised.value.at)


def test_a_file_that_cannot_be_opened_is_an_error_that_says_so(tmp_path):
    """A folder in its place stands for every refusal of the system."""
    (tmp_path / "ro.csv").mkdir()

    with pytest.raises(SourceError) as raised:
        open_table(tmp_path / "ro.csv", headings=HEADINGS)

    assert "CRM-S103" == raised.value.code


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4, max_size=40))
def test_chinese_in_gb18030_is_not_taken_for_utf8(text):
    """Whatever is written in it, a row of GB18030 passes for UTF-8 only if its bytes are nothing but wide UTF-8."""
    raw = text.encode("gb18030")
    try:
        honest = all(char < "\x80" or char >= "\u0800" for char in raw.decode("utf-8"))
    except UnicodeDecodeError:
        honest = False

    assert honest == encodings.mixed(raw)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x8FFF), min_size=1, max_size=40))
def test_chinese_in_utf8_is_always_recognised_in_a_gb18030_file(text):
    """A row of common ideographs in UTF-8 is caught however long it is."""
    assert encodings.mixed(text.encode())
