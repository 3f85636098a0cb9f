"""What `Crm` promises to whoever embeds it."""

from __future__ import annotations

import pytest

from crmcore.app import Crm


@pytest.mark.parametrize(("said", "expected"), [('lang = "zh"', "zh"), ("", "en")])
def test_customers_read_the_dealers_language(tmp_path, said, expected):
    """A text is in the language of crm.toml, whatever language the person at the screen reads; else in that one."""
    (tmp_path / "crm.toml").write_text(f"{said}\n[store]\ncode = 'S01'\nname = '示范店'\n", "utf-8")
    with Crm.from_config(tmp_path / "crm.toml", lang="en") as crm:
        assert expected == crm.settings().lang
        assert "en" == crm.lang
