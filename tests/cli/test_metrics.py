"""What each figure means, at the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from crmcore.cli.frame import cli


def run(*arguments):
    return CliRunner().invoke(cli, ["metrics", *arguments])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_figure_is_told_with_its_formula_and_whom_it_counts(lang):
    """Every line has its word; the id is the same in both languages."""
    said = run("show", "nps", "--lang", lang)

    assert 0 == said.exit_code, said.output
    assert 7 == len(said.output.strip().splitlines())
    assert "nps" in said.output.splitlines()[0]
    assert not [line for line in said.output.splitlines() if line.startswith(("label:", "column.", "unit."))]


def test_a_name_that_could_mean_two_formulas_refuses_to_run():
    """Both are named, and nothing is guessed."""
    said = run("show", "return_rate", "--lang", "en")

    assert 2 == said.exit_code
    assert all(word in said.output for word in ("CRM-T701", "return_rate_target", "return_rate_reminded"))


def test_the_list_is_for_machines_too():
    """Codes, not prose."""
    rows = json.loads(run("list", "--json").output)["metrics"]

    assert {"nps", "csat", "top_box", "first_time_fix_same_fault"} <= {row["id"] for row in rows}
    assert {"SHARE", "NPS"} <= {row["unit"] for row in rows}
