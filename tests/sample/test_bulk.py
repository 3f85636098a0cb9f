"""What the generated file of any size promises to a benchmark."""

import csv
import re
import tracemalloc

import pytest

from crmcore.errors import UsageError
from crmcore.sample import stream_csv
from crmcore.sample.bulk import HEADINGS
from crmcore.sample.invent import check_digit


def rows(path, encoding="utf-8"):
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def test_rows(tmp_path):
    """The file has as many rows as were asked for, under one heading, each as wide as it."""
    made = stream_csv(tmp_path / "b.csv", 4_321)
    read = rows(made.path)

    assert 4_321 == made.rows == len(read) - 1
    assert list(HEADINGS) == read[0]
    assert {len(HEADINGS)} == {len(row) for row in read}
    assert 4_321 == len({row[0] for row in read[1:]})


def test_same_seed_same_bytes(tmp_path):
    """The same seed gives the same bytes, another one other bytes."""
    one, two, other = (
        stream_csv(tmp_path / f"{name}.csv", 3_000, seed).path.read_bytes()
        for name, seed in zip("abc", (5, 5, 6), strict=True)
    )

    assert one == two
    assert one != other


def test_noise_and_lost_numbers_are_counted(tmp_path):
    """About three rows in a hundred are in another dress, a tenth of them beyond repair, and both are counted."""
    made = stream_csv(tmp_path / "b.csv", 20_000)
    lost = sum(bool(re.fullmatch(r"\d\.\d\dE\+10", row[4])) for row in rows(made.path)[1:])

    assert made.rejected == lost
    assert 0.025 < (made.rejected + made.dressed) / made.rows < 0.035
    assert 0.05 < made.rejected / (made.rejected + made.dressed) < 0.15


def test_shuffled_rows_are_the_same_rows(tmp_path):
    """Shuffled, the same lines stand in another order."""
    plain = stream_csv(tmp_path / "a.csv", 9_000).path.read_bytes().splitlines()
    mixed = stream_csv(tmp_path / "b.csv", 9_000, shuffle=True).path.read_bytes().splitlines()

    assert plain != mixed
    assert plain[0] == mixed[0]
    assert sorted(plain) == sorted(mixed)


def test_changed_rows(tmp_path):
    """With `change` that share of rows differs, and no other."""
    plain = rows(stream_csv(tmp_path / "a.csv", 20_000).path)
    made = stream_csv(tmp_path / "b.csv", 20_000, change=0.01)
    differing = [(one, two) for one, two in zip(plain, rows(made.path), strict=True) if one != two]

    assert made.changed == len(differing)
    assert 150 < made.changed < 250
    assert all(one[0] == two[0] for one, two in differing)


def test_cars_and_people_are_the_same_in_every_visit(tmp_path):
    """A customer keeps name and number, a car its VIN, its plate and its owner, and the odometer only climbs."""
    read = rows(stream_csv(tmp_path / "b.csv", 5_000, noise=0).path)[1:]
    plate_of, phone_of, km_of = {}, {}, {}
    for row in read:
        assert plate_of.setdefault(row[2], row[1]) == row[1]
        assert phone_of.setdefault(row[2], row[4]) == row[4]
        assert km_of.get(row[2], 0) <= int(row[8])
        km_of[row[2]] = int(row[8])

    assert 1_000 == len({row[4] for row in read})
    assert all(vin[8] == check_digit(vin) for vin in plate_of)
    assert all(re.fullmatch(r"13[89]0013\d{4}", phone) for phone in phone_of.values())


def test_encoding(tmp_path):
    """The file can be GB18030."""
    made = stream_csv(tmp_path / "b.csv", 10, encoding="gb18030")

    assert "工单号" == rows(made.path, "gb18030")[0][0]


def test_constant_memory(tmp_path):
    """Ten times the rows take no more memory."""
    peaks = []
    for size in (4_000, 40_000):
        tracemalloc.start()
        stream_csv(tmp_path / "b.csv", size)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(("size", "change"), [(0, 0.0), (10, 1.5), (10, -0.1)])
def test_nonsense_is_refused(tmp_path, size, change):
    """No rows, or more changed rows than there are, is an error before a file is written."""
    with pytest.raises(UsageError, match="CRM-U303"):
        stream_csv(tmp_path / "b.csv", size, change=change)

    assert not (tmp_path / "b.csv").exists()
