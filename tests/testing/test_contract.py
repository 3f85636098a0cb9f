"""The locks of the kit: what a subclass may not do, what becomes of gaps and of newer checks, and what is told at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.testing.mutants.good_dms import Good, GoodDms

from crmcore.hooks import Secret, SurveyAdapter
from crmcore.testing import AdapterContract, DmsContract, SurveyContract, check
from crmcore.testing.rig import rigged

ROOT = Path(__file__).parents[2]


def test_a_check_cannot_be_replaced():
    """A method of its name is refused when the class is made."""
    with pytest.raises(TypeError, match=r"Sly\.test_two_pulls_say_the_same is a check .* known_gaps"):

        class Sly(Good):
            def test_two_pulls_say_the_same(self):
                """All is well."""


def test_a_check_cannot_be_taken_out():
    """Neither None nor anything else stands for it."""
    with pytest.raises(TypeError, match=r"Sly\.test_two_pulls_say_the_same"):
        type("Sly", (Good,), {"test_two_pulls_say_the_same": None})


def test_a_check_cannot_be_hidden_by_a_mixin():
    """What counts is what pytest would find."""

    class Mixin:
        def test_two_pulls_say_the_same(self):
            """All is well."""

    with pytest.raises(TypeError, match=r"Sly\.test_two_pulls_say_the_same"):

        class Sly(Mixin, Good):
            pass


def test_a_check_cannot_be_replaced_by_another_check():
    """Also not by a marked one."""
    with pytest.raises(TypeError, match=r"Sly\.test_two_pulls_say_the_same"):

        class Sly(Good):
            @check()
            def test_two_pulls_say_the_same(self):
                """All is well."""


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ({"test_two_pulls_say_the_sane": "ticket 12"}, "did you mean 'test_two_pulls_say_the_same'"),
        ({"test_two_pulls_say_the_same": " "}, "gives no reason"),
        ({"test_a_send_claims_no_more_than_is_proven": "it sends nothing"}, "applies"),
    ],
)
def test_a_gap_names_a_check_that_applies_and_its_reason(gaps, words):
    """A misspelt gap would hide nothing, and one of a check that does not apply is a lie."""
    with pytest.raises(TypeError, match=words):
        type("Sly", (Good,), {"known_gaps": gaps})


def test_a_contract_newer_than_the_kit_is_refused():
    """Its checks are not there to be kept."""
    with pytest.raises(TypeError, match="upgrade crmcore"):
        type("Sly", (Good,), {"contract": "99.0"})


def test_a_secret_that_is_short_is_refused():
    """It could stand anywhere by chance."""
    with pytest.raises(TypeError, match="a secret of 8 characters"):
        type("Sly", (Good,), {"config": {**Good.config, "token": Secret("abc")}})


def test_a_survey_that_can_do_nothing_is_refused():
    """It neither invites nor can be pulled."""

    class Idle(SurveyAdapter[None]):
        name = "idle"

    with pytest.raises(TypeError, match="neither invites nor can be pulled"):
        type("Sly", (SurveyContract,), {"adapter_class": Idle})


def test_what_does_not_apply_is_no_test_of_the_class():
    """A file has no wire, a DMS sends nothing, and what the vendor cannot tell is not asked."""

    class OfFiles(DmsContract):
        adapter_class = GoodDms
        over_http = False

    names = {name for name in dir(OfFiles) if name.startswith("test_") and callable(getattr(OfFiles, name))}

    assert "test_two_pulls_say_the_same" in names
    assert not names & {
        "test_a_read_raises_what_went_wrong",
        "test_a_send_claims_no_more_than_is_proven",
        "test_a_deleted_row_is_gone",
    }
    assert "test_a_deleted_row_is_gone" in dir(Good)


def test_a_request_that_is_not_scripted_is_told(tmp_path):
    """By its method and address; the adapter only sees that nobody answers."""

    class Silent(Good):
        def vendor(self, rsps, world):
            """Answers nothing."""

    with pytest.raises(pytest.fail.Exception, match=r"scripts no answer to GET https://dms\.example/visits"):  # noqa: SIM117
        with rigged(Silent(), tmp_path) as rig:
            with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the adapter makes of it
                rig.adapter.check()


def test_a_vendor_that_is_missing_is_told(tmp_path):
    """Before anything else is tried."""

    class Mute(AdapterContract):
        adapter_class = GoodDms
        config = Good.config

    with pytest.raises(TypeError, match=r"Mute has no vendor"), rigged(Mute(), tmp_path):
        pass


GAPS = """
    from crmcore.testing import DmsContract, check
    from tests.testing.mutants.good_dms import Good, GoodDms

    class Broken(GoodDms):
        def digest(self, row):
            return super().digest(row) * 2

    class TestGap(Good):
        adapter_class = Broken
        known_gaps = {"test_a_digest_has_sixteen_bytes": "Acme hashes with SHA-256"}

    class TestMended(Good):
        known_gaps = {"test_a_digest_has_sixteen_bytes": "Acme hashed with SHA-256"}

    class TestCase(Good):
        known_gaps = {"test_a_read_raises_what_went_wrong[status-500]": "it does not"}

    class WithNews(Good):
        @check(since="1.1")
        def test_what_is_new_and_broken(self):
            assert 0

        @check(since="1.1")
        def test_what_is_new_and_kept(self):
            pass

    class TestOlder(WithNews):
        contract = "1.0"
"""


def test_gaps_are_strict_and_newer_checks_are_not(tmp_path):
    """A gap that fails is expected, one that is mended fails the run; a check newer than the contract may do as it likes."""
    (tmp_path / "test_gaps.py").write_text(textwrap.dedent(GAPS), "utf-8")
    chosen = "sixteen_bytes or status-500 or (TestOlder and is_new)"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--color=no", str(tmp_path), "-k", chosen,
         "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    outcome = {
        (line.partition("::")[2].partition(" ")[0]): line.split()[0]
        for line in done.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED", "XFAIL", "XPASS"))
    }

    expected = {
        "TestGap::test_a_digest_has_sixteen_bytes": "XFAIL",
        "TestMended::test_a_digest_has_sixteen_bytes": "FAILED",
        "TestCase::test_a_read_raises_what_went_wrong[status-500]": "FAILED",
        "TestOlder::test_what_is_new_and_broken": "XFAIL",
        "TestOlder::test_what_is_new_and_kept": "XPASS",
    }

    assert expected == {name: outcome.get(name) for name in expected}
    assert "Acme hashes with SHA-256" in done.stdout
    assert "newer than the adapter: contract 1.1, written for 1.0" in done.stdout
