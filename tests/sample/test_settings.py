"""What the demo's configuration promises."""

import tomllib
from pathlib import Path

from crmcore.hooks import Secret
from crmcore.sample import config_toml, generate


def test_every_export_has_an_instance():
    """Each export is one instance of the same system, so a customer is one customer in all of them."""
    config = tomllib.loads(config_toml())

    assert {f"exports/{sheet.file}" for sheet in generate().sheets} == {one["path"] for one in config["dms"].values()}
    assert {("csv", "dms")} == {(one["adapter"], one["system"]) for one in config["dms"].values()}


def test_the_store():
    """The store is the sample store, in China, open every day with a lunch break."""
    store = tomllib.loads(config_toml())["store"]

    assert ("S01", "示范店", "Asia/Shanghai") == (store["code"], store["name"], store["timezone"])
    assert ["08:30-12:00", "13:30-17:30"] == store["hours"]


def test_what_the_demo_fills_in():
    """The gateway's and the receiver's addresses are those that were given; secrets stay out of the file."""
    config = tomllib.loads(config_toml(lang="en", gateway_url="http://127.0.0.1:1/x", public_url="http://127.0.0.1:2"))

    assert "en" == config["lang"]
    assert "http://127.0.0.1:1/x" == config["messaging"]["sms"]["url"]
    assert "http://127.0.0.1:2" == config["serve"]["public_url"]
    assert {"env": "SMS_PASSWORD"} == config["messaging"]["sms"]["password"]
    assert {"env": "CRM_HOOK_SECRET"} == config["serve"]["secret"]


def test_another_adapter_takes_the_gateways_place():
    """Its settings are written as `Config` has them, whatever they are; its secrets are named, and stay out of the file."""
    settings = {
        "url": 'http://127.0.0.1:1/a"b\\c',
        "token": Secret("s3cret"),
        "ca": Path("ca.pem"),
        "parts": 3,
        "rate": 0.5,
        "dlr": True,
        "codes": ("a", "b"),
        "headers": {"X-Key": "示范"},
        "unset": None,
    }
    text = config_toml(messaging=("acme", settings))
    expected = {**settings, "adapter": "acme", "token": {"env": "SMS_TOKEN"}, "ca": "ca.pem", "codes": ["a", "b"]}
    del expected["unset"]

    assert expected == tomllib.loads(text)["messaging"]["sms"]
    assert "s3cret" not in text
    assert "ended with the demo" in text.partition("[messaging.sms]")[0].splitlines()[-1]
    assert "ended with the demo" not in config_toml()
