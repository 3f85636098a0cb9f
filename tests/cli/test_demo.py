"""The newcomer's first command: the whole loop, offline, with a story that is true."""

from __future__ import annotations

import contextlib
import csv
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from crmcore.sample import generate

ORDER = {"en": ("Learn", "Decide", "Speak", "Hand over", "Next"), "zh": ("学习", "决定", "开口", "交给人", "接下来")}


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
    modes = {
        name: stat.S_IMODE((folder / name).stat().st_mode)
        for name in ("crm.db", "worklist.xlsx", "rejects.csv", "report.html")
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
    with contextlib.closing(sqlite3.connect(folder / "crm.db")) as store, store:
        states = dict(store.execute("select state, count(*) from message group by state").fetchall())
        outs = store.execute("select count(*) from opt_out where source like 'reply:%'").fetchone()[0]
        replies = sorted(store.execute("select state, text from reply").fetchall())

    assert ["DELIVERED"] == list(states)
    assert 10 <= states["DELIVERED"]
    assert 1 == outs
    assert [("OPTED_OUT", "退订"), ("WAITING", "谢谢")] == replies


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


def test_machines_get_one_object(tmp_path):
    """With --json the story is one object that names the files."""
    import json

    done = demo(tmp_path / "d", "en", "--json")
    told = json.loads(done.stdout)

    assert "crmcore/demo@1" == told["schema"]
    assert all(Path(file).exists() for file in told["files"])
