"""What crm.toml may say, and where the link leads."""

from __future__ import annotations

import pytest

from crmcore.hooks import ConfigError, Secret
from crmcore_survey_limesurvey.config import LimeSurveyConfig

URL = "https://survey.example.cn/index.php/admin/remotecontrol"


def config(url=URL, **said):
    return LimeSurveyConfig(url=url, **{"username": "crm", "password": Secret("pw"), "survey_id": 736971} | said)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"url": "survey.example.cn/index.php/admin/remotecontrol"}, "CRM-L301"),
        ({"url": "https://survey.example.cn/index.php/736971"}, "CRM-L301"),
        ({"url": "http://[broken/admin/remotecontrol"}, "CRM-L301"),
        ({"public_url": "survey.example.cn"}, "CRM-L302"),
        ({"survey_id": 0}, "CRM-L303"),
        ({"batch": 501}, "CRM-L303"),
        ({"page": 1}, "CRM-L303"),
        ({"open_days": 91}, "CRM-L303"),
        ({"attributes": {"store": "attribute_1"}}, "CRM-L304"),
        ({"timezone": "Beijing"}, "CRM-L305"),
        ({"timezone": "/etc"}, "CRM-L305"),
    ],
)
def test_a_mistake_is_told_with_its_fix(said, code):
    """Each mistake has its code, and can be said in both languages."""
    with pytest.raises(ConfigError) as caught:
        config(**said)

    assert code == caught.value.code
    assert " → " in caught.value.render("zh")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "https://survey.example.cn/index.php/736971?token=T1&lang=zh-Hans"),
        ({"url": f"{URL}/"}, "https://survey.example.cn/index.php/736971?token=T1&lang=zh-Hans"),
        (
            {"url": "https://survey.example.cn/index.php?r=admin/remotecontrol"},
            "https://survey.example.cn/index.php?r=survey/index&sid=736971&token=T1&lang=zh-Hans",
        ),
        ({"public_url": "https://s.example.cn/"}, "https://s.example.cn/736971?token=T1&lang=zh-Hans"),
        ({"public_url": "https://s.example.cn/q/{token}?{survey_id}"}, "https://s.example.cn/q/T1?736971"),
        (
            {"url": "http://lime/rpc", "public_url": "https://s.example.cn/index.php"},
            "https://s.example.cn/index.php/736971?token=T1&lang=zh-Hans",
        ),
    ],
)
def test_where_a_customer_answers(said, expected):
    """The link is derived from the address of RemoteControl, or is what `public_url` says."""
    assert expected == config(**said).link("T1", "zh-Hans")
