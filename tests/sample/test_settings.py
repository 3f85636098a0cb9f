"""What the demo's configuration promises."""

import tomllib

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
