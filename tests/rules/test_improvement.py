"""The life of a row of the improvement plan."""

from __future__ import annotations

from itertools import product

from crmcore.rules.improvement import after_measure, may_follow
from crmcore.rules.score.compare import Verdict
from crmcore.types.complaint import ActionStatus as S


def test_what_is_over_stays_over():
    """Nothing follows what worked or was dropped; everything may stay where it is."""
    allowed = {(before, after) for before, after in product(S, S) if before is not after and may_follow(before, after)}

    assert {
        (S.OPEN, S.DOING), (S.OPEN, S.DONE), (S.OPEN, S.DROPPED), (S.DOING, S.DONE), (S.DOING, S.DROPPED),
        (S.DONE, S.DOING), (S.DONE, S.VERIFIED), (S.DONE, S.DROPPED),
    } == allowed  # fmt: skip
    assert all(may_follow(each, each) for each in S)


def test_only_what_was_done_and_moved_up_has_worked():
    """Noise proves nothing, and neither does a score that rose before anything was done."""
    worked = {
        (status, verdict) for status, verdict in product(S, Verdict) if after_measure(status, verdict) is not status
    }

    assert {(S.DONE, Verdict.MOVED_UP)} == worked
    assert S.VERIFIED is after_measure(S.DONE, Verdict.MOVED_UP)
