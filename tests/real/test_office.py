"""A worklist that goes through LibreOffice and comes back: saved anew, in other formats, with other types in its cells."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from tests.flows.desk_world import Desk, at, fill, open_desk

from crmcore.db import schema
from crmcore.db.columns import stamp

pytestmark = pytest.mark.real

#: Character sets of LibreOffice's CSV filter: UTF-8, GB18030.
CSV = {"utf-8": "76", "gb18030": "85"}


def saved(path: Path, to: str, folder: Path) -> Path:
    """`path` opened and saved by LibreOffice, as somebody does who has it at home."""
    profile = folder / "profile"
    command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", to]
    subprocess.run([*command, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=180)
    return folder / f"{path.stem}.{to.partition(':')[0]}"


@pytest.fixture(name="desk")
def _desk(db, clock, tmp_path):
    desk = open_desk(db, clock, tmp_path)
    one, two = desk.owe(), desk.owe("=1+1", "+8613800130002", advisor=None)
    path = desk.export()
    said = {"result": "成功-已完成", "called_at": "10:35", "aftersales.OVERALL": 9, "remark": "=2+2是好的"}
    fill(path, {f"T{one}": said, f"T{two}": {"result": "无人接听", "called_at": datetime(2026, 11, 22, 10, 40)}})
    desk.clock.at = at("2026-11-22 11:00")
    return desk


def told(desk: Desk, path: Path) -> tuple[int, int, int, list[str]]:
    report = desk.take(path)
    return (report.read, report.recorded, report.unchanged, [each.reason for each in report.rejected])


@pytest.mark.parametrize(
    "to", ["ods", "xls", "xlsx", *(f"csv:Text - txt - csv (StarCalc):44,34,{code},1" for code in CSV.values())]
)
def test_libreoffice_saves_it_and_nothing_is_lost(desk, tmp_path, to):
    """Each row is taken as it was meant, and once: the file as it was before brings nothing new."""
    folder = tmp_path / "out"
    folder.mkdir()
    copy = saved(tmp_path / "worklist.xlsx", to, folder)

    assert (2, 2, 0, []) == told(desk, copy)
    assert (2, 0, 2, []) == told(desk, tmp_path / "worklist.xlsx")
    calls = [(row.at, row.result, row.remark) for row in desk.rows(schema.attempt)]
    assert [
        (stamp(at("2026-11-22 10:35")), "DONE", "=2+2是好的"),
        (stamp(at("2026-11-22 10:40")), "NO_ANSWER", None),
    ] == calls
