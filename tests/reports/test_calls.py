"""The calls page: the worklist beside what calls came to."""

from __future__ import annotations

import json

from tests.reports import world

from crmcore.reports import files


def test_the_worklist_counts_what_is_due(busy):
    """Six calls, two of them late, the late ones first; no name and no number."""
    told = busy.calls()

    assert (6, 2) == (len(told.due), sum(each.late for each in told.due))
    assert [True, True, False, False, False, False] == [each.late for each in told.due]
    assert {"王**"} == {each.customer for each in told.due}


def test_whose_desk_it_lies_on(busy):
    """By executor, a colleague or the role that nobody fills yet."""
    report = files.parts(busy.calls(), "zh")
    desk = next(section for section in report.sections if section.key == "executors").grid

    assert [("周婷", 3, 1), ("客户关系专员", 3, 1)] == [row[:3] for row in desk.rows]


def test_the_analysis_stands_as_it_was_counted(busy):
    """Causes, sources, colleagues and decay are the figures of the analysis, in its order."""
    report = files.parts(busy.calls(lang="en"), "en")
    tables = {section.key: section.grid.rows for section in report.sections}

    assert [("Customer", 5, 0.625, 0.625), ("Number", 3, 0.375, 1.0)] == [
        (row[0], *row[2:]) for row in tables["causes"]
    ]
    assert [("周婷", 20, 12, 5, 3, 16, 12, 0.75), ("not said", 2, 0, 2, 0, 2, 0, 0.0)] == list(tables["by_advisor"])
    assert [("main 2026-11", 18, 3, 0.167)] == list(tables["decay"])


def test_only_the_calls_of_these_stores(busy):
    """Another store's desk is empty."""
    assert () == busy.calls((world.S02,)).due


def test_facts_are_codes(busy):
    """JSON holds the worklist by id and rule."""
    told = json.loads(files.content(busy.calls(), ".json", "zh"))

    assert ("crmcore/report.calls@1", 20) == (told["schema"], told["quality"]["calls"])
    assert {"source", "month", "dialled", "bad"} == set(told["quality"]["decay"][0])
    assert "周婷" not in json.dumps(told, ensure_ascii=False)
    assert {"id", "rule", "store", "customer", "executor", "due_at", "deadline_at", "attempts", "late"} == set(
        told["due"][0]
    )
