"""What comes of dates and times in a cell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules import dates as room
from crmcore.rules.clean import Bad, day, instant, placeholder_birthday

CHINA = "Asia/Shanghai"
ZONES = [CHINA, "Asia/Urumqi", "America/New_York", "Europe/London", "Pacific/Apia", "America/Sao_Paulo", "UTC"]

DAYS = [
    "2026-11-03",
    "2026-11-3",
    "2026/11/3",
    "2026/11/03",
    "2026.11.3",
    "2026年11月3日",
    "2026 年 11 月 3 日",
    "2026年11月3号",
    "20261103",
    "２０２６－１１－０３",
    "２０２６／１１／３",
    " 2026-11-03\t",
    '="2026-11-03"',
    "2026-11-03 星期二",
    "2026/11/3(周二)",
    "46329",
    "46329.0",
    "2026-11-03 00:00:00",
    "2026-11-03T00:00:00",
    "2026-11-03 00:00:00.000",
    "2026-11-03T00:00:00+08:00",
]

AT_8_05 = [
    "2026-11-03 08:05:00",
    "2026-11-03T08:05:00",
    "2026-11-03 08:05",
    "2026-11-3 8:05",
    "2026/11/3 8:05",
    "2026/11/03 08:05:00",
    "2026/11/03 08:05:00.999",
    "2026.11.3 8:05",
    "2026年11月3日 8:05",
    "2026年11月3日8时5分",
    "2026年11月3日8时5分0秒",
    "2026年11月3日 上午8:05",
    "2026-11-03 星期二 8:05 AM",
    "20261103080500",
    "202611030805",
    "20261103 0805",
    "20261103T080500",
    "20261103 08:05",
    "２０２６－１１－０３　０８：０５",
    "2026-11-03T00:05:00Z",
    "2026-11-03 00:05:00 UTC",
    "2026-11-03 00:05:00+00",
    "2026-11-03T08:05:00+08:00",
    "2026-11-03T08:05:00+0800",
    "2026-11-02T19:05:00-05:00",
    "46329.3368055556",
]


@pytest.mark.parametrize("raw", DAYS)
def test_a_date_in_any_dress_is_the_same_day(raw):
    """ISO, slashes, dots, ideographs, bare digits, full width and Excel's serial numbers are one date, and its midnight."""
    assert day(raw) == date(2026, 11, 3)
    assert instant(raw, CHINA) == datetime(2026, 11, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize("raw", AT_8_05)
def test_a_time_in_any_dress_is_the_same_instant(raw):
    """Local time is in the store's zone, an offset that is written counts, and what is below a second is dropped."""
    assert instant(raw, CHINA) == datetime(2026, 11, 3, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("2026-11-03 下午3点", 15),
        ("2026-11-03 下午 03:00:00", 15),
        ("2026/11/3 3:00 pm", 15),
        ("2026-11-03 12:00 PM", 12),
        ("2026-11-03 上午 12:00", 0),
        ("2026-11-03 下午 15:00", 15),
        ("46329.5", 12),
        ("46329.49999999", 12),
        ("13/11/2026 15:00:00", 15),
        ("11/13/2026 15:00:00", 15),
        ("11.11.2026 15:00", 15),
    ],
)
def test_the_half_of_the_day_is_read(raw, hour):
    """下午 and PM are the afternoon, twelve included."""
    found = instant(raw, "UTC")

    assert isinstance(found, datetime)
    assert (hour, 0, 0) == (found.hour, found.minute, found.second)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("11/01/2026", "DATE_AMBIGUOUS"),
        ("11/01/2026 15:30:00", "DATE_AMBIGUOUS"),
        ("26-11-3", "DATE_TWO_DIGIT_YEAR"),
        ("26年11月3日", "DATE_TWO_DIGIT_YEAR"),
        ("11/3/26 8:05", "DATE_TWO_DIGIT_YEAR"),
        ("03-NOV-26", "DATE_TWO_DIGIT_YEAR"),
        ("261103", "DATE_TWO_DIGIT_YEAR"),
        ("2026", "DATE_INCOMPLETE"),
        ("2026-11", "DATE_INCOMPLETE"),
        ("2026年11月", "DATE_INCOMPLETE"),
        ("11月3日", "DATE_INCOMPLETE"),
        ("8:05", "DATE_INCOMPLETE"),
        ("1899-12-30 08:05:00", "DATE_INCOMPLETE"),
        ("2026-02-30", "DATE_IMPOSSIBLE"),
        ("2026-02-30 08:05:00", "DATE_IMPOSSIBLE"),
        ("2026/2/30 8:05", "DATE_IMPOSSIBLE"),
        ("2026年2月30日", "DATE_IMPOSSIBLE"),
        ("2026-13-45", "DATE_IMPOSSIBLE"),
        ("31/31/2026", "DATE_IMPOSSIBLE"),
        ("1900-12-31", "DATE_TOO_EARLY"),
        ("0202-11-03", "DATE_TOO_EARLY"),
        ("2100-01-01", "DATE_TOO_LATE"),
        ("2206-11-03", "DATE_TOO_LATE"),
        ("2100-01-02T00:00:00Z", "DATE_TOO_LATE"),
        ("2026-11-03 24:00:00", "TIME_IMPOSSIBLE"),
        ("2026-11-03 8:60", "TIME_IMPOSSIBLE"),
        ("2026-11-03 8:05:60", "TIME_IMPOSSIBLE"),
        ("2026-11-03 13:05 AM", "TIME_IMPOSSIBLE"),
        ("2026-11-03T08:05:00+99:00", "TIME_IMPOSSIBLE"),
        ("昨天", "DATE_FORM"),
        ("1793750400", "DATE_FORM"),
        ("1793750400000", "DATE_FORM"),
        ("99999", "DATE_FORM"),
        ("2026-11-0308:05", "DATE_FORM"),
        ("46329 8:05", "DATE_FORM"),
        ("2026-11-03 8", "DATE_FORM"),
        ("2026-11-??", "TEXT_DESTROYED"),
        ("########", "TEXT_DESTROYED"),
    ],
)
def test_what_is_no_date_says_why(raw, reason):
    """Order, century and day are never guessed."""
    assert Bad(reason) == day(raw)
    assert Bad(reason) == instant(raw, CHINA)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            "-",
            "无",
            "NULL",
            "0",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "0001-01-01T00:00:00",
            "1753-01-01",
            "1899-12-30",
        ),
        *("1899-12-31", "1900/1/0", "1900-01-01", "1900-01-01 00:00:00", "9999-12-31", "9999-12-31 23:59:59"),
    ],
)
def test_what_databases_write_for_nothing_is_none(raw):
    """Fillers are no date and no mistake."""
    assert day(raw) is None
    assert instant(raw, CHINA) is None


def test_a_day_is_not_read_out_of_a_time_in_utc():
    """16:00 in UTC is already the next day in China; midnight in UTC and any local time say their day."""
    assert Bad("DATE_NEEDS_ZONE") == day("2026-11-02T16:00:00Z")
    assert day("2026-11-03T00:00:00Z") == date(2026, 11, 3)
    assert day("2026-11-03T16:00:00+08:00") == date(2026, 11, 3)
    assert day("2026-11-03 16:00:00") == date(2026, 11, 3)


def test_clocks_that_jump_are_read_as_rfc_5545_says():
    """A time that was skipped counts from the offset before; one that came twice is the first; a lost midnight is the first moment."""
    assert instant("2026-03-08 02:30:00", "America/New_York") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert instant("2026-11-01 01:30:00", "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert instant("2026-03-08 12:00:00", "America/New_York") == datetime(2026, 3, 8, 16, tzinfo=UTC)
    assert instant("2018-11-04", "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "zone", "at"),
    [
        ("1901-01-01 00:00:00", "Asia/Tokyo", datetime(1900, 12, 31, 15, tzinfo=UTC)),
        ("2099-12-31 23:00:00", "America/New_York", datetime(2100, 1, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_good_local_time_stays_good_in_utc(raw, zone, at):
    """At the edges of what is believed the instant may fall outside of them; read again, it is the same."""
    assert at == instant(raw, zone)
    assert at == instant(at.isoformat(), zone)


def test_an_unknown_zone_is_not_the_fault_of_a_row():
    """The config is wrong then, and says so."""
    with pytest.raises(ZoneInfoNotFoundError):
        instant("2026-11-03 08:05:00", "Asia/Nowhere")


@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2099, 12, 31, 23, 59, 59)).map(
        lambda at: at.replace(microsecond=0)
    ),
    st.sampled_from(ZONES),
    st.sampled_from(["{0:%Y-%m-%d %H:%M:%S}", "{0:%Y-%m-%dT%H:%M:%S}", "{0:%Y/%m/%d %H:%M:%S}", "{0:%Y%m%d%H%M%S}"]),
)
def test_every_road_to_an_instant_leads_to_the_same(local, zone, form):
    """The quick roads agree with zoneinfo, in every zone and on days when its clocks jump; what is clean stays as it is."""
    expected = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    assert expected == instant(form.format(local), zone)
    assert expected == instant(expected.isoformat(), zone)
    assert expected == instant(f"{expected:%Y-%m-%dT%H:%M:%SZ}", zone)


@given(st.dates(min_value=date(1927, 5, 18), max_value=date(2099, 12, 31)), st.integers(0, 86_399))
def test_a_serial_number_is_days_since_1899(on, second):
    """Excel counts days from 1899-12-30 and writes the time behind the point."""
    days = (on - date(1899, 12, 30)).days
    at = datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(seconds=second)

    assert on == day(str(days))
    assert at == instant(f"{days + second / 86_400:.10f}", "UTC")


@given(st.one_of(st.from_regex(room._USUAL, fullmatch=True), st.from_regex(room._ISO, fullmatch=True)))
def test_the_short_way_and_the_long_way_agree(raw):
    """What is read by its form alone comes out as if it had been taken apart."""
    found = room._read.__wrapped__(raw)

    assert instant(raw, "UTC") == (found.at.replace(tzinfo=UTC) if isinstance(found, room._Read) else found)


@pytest.mark.parametrize(
    ("born", "placeholder"),
    [(date(1985, 1, 1), True), (date(1900, 5, 5), True), (date(1985, 1, 2), False), (date(1985, 12, 31), False)],
)
def test_a_birthday_that_a_form_filled_in_is_told(born, placeholder):
    """The first of January and the year 1900 stand for "not asked"."""
    assert placeholder is placeholder_birthday(born)
