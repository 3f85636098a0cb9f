"""The configuration of the sample dealer: what `crmcore demo` leaves behind to go on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crmcore.hooks import Secret
from crmcore.sample.voices import HIGHEST, ITEMS, LOWEST, WEB_ITEMS

TEMPLATE: Final = """\
# 示范店 · the sample dealer: every name, number and car in it is invented
lang = "{lang}"

[store]
code = "S01"
name = "示范店"
timezone = "Asia/Shanghai"
phone = "010-55500000"
hours = ["08:30-12:00", "13:30-17:30"]
calendar = "every-day"

[database]
url = "sqlite:///crm.db"

[care]
packs = ["sales", "aftersales"]

# One system writes all six exports; they share the ids of "dms".
"""
INSTANCES: Final = (
    ("orders", "ro.csv"),
    ("deliveries", "deliveries.xlsx"),
    ("showroom", "showroom.csv"),
    ("appointments", "appointments.csv"),
    ("staff", "staff.csv"),
    ("complaints", "complaints.csv"),
)
INSTANCE: Final = """
[dms.{name}]
adapter = "csv"
system = "dms"
path = 'exports/{file}'
"""
#: Above the settings of a vendor that was there for as long as the demo ran.
ENDED: Final = """
# This vendor was on loopback and ended with the demo: put address and login of a real one here before anything is sent."""
MESSAGING: Final = """
[messaging.sms]
adapter = "{adapter}"
{settings}

[serve]
public_url = "{public_url}"
secret = {{ env = "CRM_HOOK_SECRET" }}
"""

TEAM: Final = """
# The group of colleagues that hears of complaints; its robot's address and tokens come from DingTalk.
[messaging.team]
adapter = "dingtalk"
url = "{robot_url}"
access_token = {{ env = "ROBOT_TOKEN" }}
secret = {{ env = "ROBOT_SECRET" }}
"""
SURVEYS: Final = """
# Customers are asked on the web the day after they had their car back; the link goes out by [messaging.sms].
[survey.web]
adapter = "limesurvey"
survey = "aftersales"
mode = "ONLINE"
url = "{survey_url}"
username = "{survey_user}"
password = {{ env = "SURVEY_PASSWORD" }}
survey_id = {survey_id}
attributes = {{ attribute_1 = "order" }}

[survey.web.items]
{web_items}

# A research agency asks for the brand, on its own scale; what it asks besides (B1) is kept and reported.
[survey.agency]
adapter = "csv"
survey = "aftersales"
side = "EXTERNAL"
mode = "PHONE"
path = 'waves/*.csv'

[survey.agency.items]
{agency_items}
"""


def config_toml(
    *,
    lang: str = "zh",
    gateway_url: str = "http://127.0.0.1:13013/cgi-bin/sendsms",
    gateway_user: str = "crm",
    messaging: tuple[str, Mapping[str, Any]] | None = None,
    public_url: str = "http://127.0.0.1:8025",
    robot_url: str = "https://oapi.dingtalk.com/robot/send",
    survey_url: str = "http://127.0.0.1:8080/index.php/admin/remotecontrol",
    survey_user: str = "crm",
    survey_id: int = 736971,
) -> str:
    """The text of `crm.toml` for the folder into which the dealer was written; secrets stay in the environment.

    `messaging`: another adapter's name and its settings, as its `Config` has them, instead of the gateway's; they lead to a
    vendor on loopback, and the file says that it is there no more.
    """
    gateway = {"url": gateway_url, "username": gateway_user, "password": Secret("")}
    adapter, settings = messaging or ("gateway", gateway)
    return (
        TEMPLATE.format(lang=lang)
        + "".join(INSTANCE.format(name=name, file=file) for name, file in INSTANCES)
        + (ENDED if messaging else "")
        + MESSAGING.format(adapter=adapter, settings="\n".join(_written(settings)), public_url=public_url)
        + TEAM.format(robot_url=robot_url)
        + SURVEYS.format(
            survey_url=survey_url,
            survey_user=survey_user,
            survey_id=survey_id,
            web_items="\n".join(f'"{theirs}" = "{ours}"' for theirs, ours in WEB_ITEMS.items()),
            agency_items="\n".join(_agency_items()),
        )
    )


def env_of(field: str) -> str:
    """The variable of the environment that holds a secret of [messaging.sms]."""
    return f"SMS_{field.upper()}"


def _written(settings: Mapping[str, Any]) -> Iterator[str]:
    """One line a setting; what is not set stays out."""
    for name, value in settings.items():
        if isinstance(value, Secret):
            yield f'{name} = {{ env = "{env_of(name)}" }}'
        elif value is not None:
            yield f"{name} = {_value(value)}"


def _value(value: object) -> str:
    """A value in TOML, which takes JSON's quoted text as it is."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_value(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)


def _agency_items() -> Iterator[str]:
    for item, question in ITEMS.items():
        if question == "RECOMMEND":
            yield f'"{item}" = "{question}"'
        elif question:
            yield f'"{item}" = {{ question = "{question}", minimum = {LOWEST}, maximum = {HIGHEST} }}'
