"""The configuration of the sample dealer: what `crmcore demo` leaves behind to go on with."""

from __future__ import annotations

from typing import Final

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
MESSAGING: Final = """
[messaging.sms]
adapter = "gateway"
url = "{gateway_url}"
username = "{gateway_user}"
password = {{ env = "SMS_PASSWORD" }}

[serve]
public_url = "{public_url}"
secret = {{ env = "CRM_HOOK_SECRET" }}
"""


def config_toml(
    *,
    lang: str = "zh",
    gateway_url: str = "http://127.0.0.1:13013/cgi-bin/sendsms",
    gateway_user: str = "crm",
    public_url: str = "http://127.0.0.1:8025",
) -> str:
    """The text of `crm.toml` for the folder into which the dealer was written; secrets stay in the environment."""
    return (
        TEMPLATE.format(lang=lang)
        + "".join(INSTANCE.format(name=name, file=file) for name, file in INSTANCES)
        + MESSAGING.format(gateway_url=gateway_url, gateway_user=gateway_user, public_url=public_url)
    )
