"""What may be handed to `Crm`, and what is told when it does not fit."""

from __future__ import annotations

import types
from pathlib import Path

import attrs
import pytest
from sqlalchemy import create_engine, text

from crmcore.app import Crm
from crmcore.config import load_config
from crmcore.db.engine import Database
from crmcore.db.upgrade import upgrade
from crmcore.errors import ConfigError, PluginError, StoreError, UsageError
from crmcore.hooks import MessagingAdapter, Secret, WebhookRequest, hookimpl
from crmcore.hooks.manager import Plugins
from crmcore.types.complaint import ComplaintDraft
from crmcore.types.contact import Accepted, Reply
from crmcore.types.customer import Channel

STORE = {"code": "S01", "name": "示范店"}


@attrs.frozen
class Token:
    token: Secret
    folder: Path | None = None
    words: tuple[str, ...] = ()


class Paper(MessagingAdapter):
    """Takes every text."""

    name = "paper"
    channels = frozenset({Channel.SMS})
    Config = Token

    def send(self, message, *, key):
        return Accepted()


class Grumpy:
    """Whatever says 'hm' is a complaint."""

    @hookimpl
    def crmcore_find_complaint(self, evidence):
        return ComplaintDraft(category="OTHER", why=("grumpy:hm",)) if "hm" in evidence.text else None


@pytest.fixture(name="settings")
def _settings(tmp_path):
    """What would stand in crm.toml."""
    return {"store": STORE, "database": {"url": f"sqlite:///{tmp_path / 'crm.db'}"}}


def test_a_mapping_says_what_a_file_says(settings, tmp_path):
    """The same keys give the same configuration; a tuple is a list, a path is its text, a secret stays one."""
    settings |= {"messaging": {"sms": {"adapter": "paper", "token": Secret("s3cret"), "words": ("a", "b")}}}
    settings["messaging"]["sms"]["folder"] = tmp_path / "texts"
    (tmp_path / "crm.toml").write_text(
        "[store]\ncode = 'S01'\nname = '示范店'\n[messaging.sms]\nadapter = 'paper'\n"
        "token = 's3cret'\nwords = ['a', 'b']\nfolder = 'texts'\n",
        "utf-8",
    )
    with Crm(settings, adapters=[Paper]) as mapped, Crm(tmp_path / "crm.toml", adapters=[Paper]) as read:
        mine, theirs = mapped.config.messaging["sms"], read.config.messaging["sms"]

    assert Token(Secret("s3cret"), tmp_path / "texts", ("a", "b")) == mine.settings == theirs.settings
    assert mapped.config.stores == read.config.stores
    assert ("messaging.sms", "crm.toml:4") == (mine.at, theirs.at)


def test_a_mistake_in_a_mapping_has_its_place(settings):
    """There are no lines, so each mistake is named by its keys, once, and all of them at once."""
    settings |= {"messaging": {"sms": {"adapter": "paper", "token": 5}}, "langs": "zh"}
    settings["staff"] = [{"code": 7, "store": "S01", "role": "CR_AGENT", "name": 8}]
    with pytest.raises(ConfigError) as caught:
        Crm(settings, adapters=[Paper])
    said = str(caught.value).splitlines()

    assert {"messaging.sms.token", "staff[1].code", "staff[1].name", "langs"} <= {
        error.at for error in caught.value.errors
    }
    assert any(line.startswith("CRM-C130 messaging.sms.token ") for line in said)
    assert not any(line.count("messaging.sms.token") > 1 for line in said)


def test_a_mapping_starts_where_the_program_is(settings, tmp_path, monkeypatch):
    """A relative path in it is one of the current folder when it was opened, wherever the program goes afterwards."""
    monkeypatch.chdir(tmp_path)
    settings |= {"messaging": {"sms": {"adapter": "paper", "token": "…", "folder": Path("texts")}}}
    settings["database"] = {"url": "sqlite:///here.db"}
    with Crm(settings, adapters=[Paper]) as crm:
        monkeypatch.chdir("/")
        crm.plan()

        assert tmp_path / "texts" == crm.config.messaging["sms"].settings.folder
    assert (tmp_path / "here.db").exists()


def test_a_mapping_is_copied(settings):
    """What the application changes later changes nothing here, and nothing of its own is changed."""
    before = repr(settings)
    with Crm(settings) as crm:
        after = repr(settings)
        settings["store"]["code"] = "S99"

        assert ["S01"] == [store.code for store in crm.config.stores]
        assert before == after


def test_a_config_that_was_read_is_taken_as_it_is(settings, tmp_path):
    """A `Config` may be handed over; adapters come too late for it, and that is said instead of ignored."""
    (tmp_path / "crm.toml").write_text("[store]\ncode = 'S01'\nname = '示范店'\n", "utf-8")
    config = load_config(tmp_path / "crm.toml")
    with Crm(config, hooks=[Grumpy()]) as crm:
        assert config is crm.config
        assert 1 == len(crm.plugins.finders())
    with pytest.raises(UsageError) as caught:
        Crm(config, adapters=[Paper])

    assert "CRM-U501" == caught.value.code
    assert "Paper" in str(caught.value)


# ------------------------------------------------------------------ adapters and hooks


def test_a_class_that_is_handed_over_need_not_be_installed(settings):
    """It is used, and listed under the name of its code."""
    settings |= {"messaging": {"sms": {"adapter": "paper", "token": "s3cret"}}}
    with Crm(settings, adapters=[Paper]) as crm:
        with crm.adapters.each(crm.config.messaging) as working:
            used = type(working.good["sms"])
        [row] = [row for row in crm.plugins.rows() if row["provides"] == ["messaging:paper"]]

    assert Paper is used
    assert ("ok", "") == (row["status"], row["distribution"])
    assert row["plugin"].endswith("test_opening.Paper")


def test_a_class_that_is_handed_over_goes_before_an_installed_one(settings):
    """The application named this very class; what is installed under the same name is not used and no problem."""
    gateway = type("Gateway", (Paper,), {"name": "gateway"})
    settings |= {"messaging": {"sms": {"adapter": "gateway", "token": "s3cret"}}}
    with Crm(settings, adapters=[gateway]) as crm:
        with crm.adapters.one(crm.config.messaging["sms"]) as adapter:
            used = type(adapter)
        installed = [row for row in crm.plugins.rows() if row["plugin"] == "sms_gateway"]

    assert gateway is used
    assert [("ok", [])] == [(row["status"], row["provides"]) for row in installed]
    assert () == crm.plugins.problems


def test_two_classes_of_one_name_are_refused(settings):
    """Which of them is meant cannot be known, so both are named."""

    class Other(Paper):
        pass

    with pytest.raises(PluginError) as caught:
        Crm(settings, adapters=[Paper, Other])

    assert "CRM-P110" == caught.value.code
    assert "messaging:paper" in str(caught.value)
    assert ".Other" in str(caught.value)


class Misspelt:
    @hookimpl
    def crmcore_find_complaints(self, evidence):
        return None


class Unmarked:
    def crmcore_find_complaint(self, evidence):
        return None


@pytest.mark.parametrize(
    ("handed", "said"),
    [
        ({"hooks": [Misspelt()]}, "crmcore_find_complaints"),
        ({"hooks": [Unmarked()]}, "no @hookimpl"),
        ({"hooks": [types.ModuleType("nothing")]}, "no @hookimpl"),
        ({"hooks": [Grumpy]}, "is a class"),
        ({"adapters": [Paper(Token(Secret("")), None)]}, "is not an adapter class"),
        ({"adapters": [type("Nameless", (Paper,), {"name": "No Name"})]}, "lower case"),
    ],
)
def test_what_is_handed_over_and_cannot_be_used_stops_at_once(settings, tmp_path, handed, said):
    """An installed plugin that is broken is left out; one that the application counts on is an error, before any store opens."""
    with pytest.raises(PluginError) as caught:
        Crm(settings, **handed)

    assert "CRM-P110" == caught.value.code
    assert said in str(caught.value)
    assert not (tmp_path / "crm.db").exists()


def test_hooks_are_told_apart(settings):
    """Two objects of one class and a module are three plugins; each is asked, and says what it found under its own name."""
    module = types.ModuleType("finds")
    module.crmcore_find_complaint = hookimpl(lambda evidence: None)
    with Crm(settings, hooks=[Grumpy(), module, Grumpy()]) as crm:
        names = crm.plugins.finders()
        found = crm.cases().look(Reply(sender="+8613800130001", text="hm"))

    assert {"finds", f"{__name__}.Grumpy", f"{__name__}.Grumpy#2"} == set(names)
    assert {f"{__name__}.Grumpy", f"{__name__}.Grumpy#2"} == {each.by for each in found}


# ------------------------------------------------------------------ the store


def test_a_url_goes_before_the_configuration(settings, tmp_path):
    """An application keeps its database URL where it keeps it."""
    with Crm(settings, connection=f"sqlite:///{tmp_path / 'other.db'}") as crm:
        assert "other.db" == crm.db.place

    assert not (tmp_path / "crm.db").exists()


def test_an_engine_stays_the_applications(settings, tmp_path):
    """Two `Crm` one after the other work on the application's engine, and neither closes it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
    for _ in range(2):
        with Crm(settings, connection=engine) as crm:
            crm.plan()
    with engine.connect() as connection:
        assert raw is connection.connection.driver_connection
        assert 0 == connection.execute(text("SELECT count(*) FROM customer")).scalar()
    engine.dispose()


def test_an_engine_on_postgresql_stays_the_applications(settings, pg_url):
    """The same on PostgreSQL, in a schema of tables that `upgrade` made; without them the fix is told."""
    with Database(pg_url) as db, db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CREATE DATABASE shop"))
        engine = create_engine(db.url.set(database="shop"))
    with pytest.raises(StoreError) as caught:
        Crm(settings, connection=engine)
    upgrade(Database(engine))
    with Crm(settings, connection=engine) as crm:
        crm.plan()
    checked_in = engine.pool.checkedin()
    engine.dispose()

    assert "CRM-D120" == caught.value.code
    assert 1 == checked_in


def test_a_store_of_a_newer_version_is_told(settings, tmp_path, monkeypatch):
    """A store with a schema that is not known is refused, on an application's engine as well, and does not stay open."""
    closed, close = [], Database.close
    monkeypatch.setattr(Database, "close", lambda db: (closed.append(db.place), close(db)))
    engine = create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    for connection in (None, engine):
        with pytest.raises(StoreError) as caught:
            Crm(settings, connection=connection)
        assert "CRM-D121" == caught.value.code
    engine.dispose()

    assert ["crm.db"] * 2 == closed


@pytest.mark.parametrize(
    "use",
    [
        lambda crm: crm.run(yes=True),
        lambda crm: crm.send(yes=True),
        lambda crm: crm.customers.find(phone="13800130001"),
        lambda crm: crm.touchpoints.due(),
        lambda crm: crm.events.since(),
        lambda crm: crm.complaints.note("K1", "…", by="api"),
        lambda crm: crm.handle_webhook(WebhookRequest(method="GET", path="s3cret/sms")),
    ],
    ids=lambda use: use.__code__.co_names[0],
)
def test_what_is_closed_is_refused(settings, use):
    """Whoever goes on with a `Crm` that is closed is told so, instead of opening connections that nobody closes any more."""
    settings |= {"messaging": {"sms": {"adapter": "paper", "token": "s3cret"}}}
    settings["serve"] = {"public_url": "https://crm.example", "secret": "s3cret"}
    crm = Crm(settings, adapters=[Paper])
    crm.close()
    crm.close()  # once more does no harm
    with pytest.raises(UsageError) as caught:
        use(crm)

    assert "CRM-U502" == caught.value.code


@pytest.mark.parametrize("secret", ["", "a/b", "a b", "退订", "a?b"])
def test_a_secret_that_is_no_piece_of_an_address_is_told(settings, secret):
    """No push could ever find that door, and receipts and opt-outs would be lost unseen."""
    with pytest.raises(ConfigError) as caught:
        Crm({**settings, "serve": {"public_url": "https://crm.example", "secret": secret}})

    assert [("CRM-C142", "serve.secret")] == [(each.code, each.at) for each in caught.value.errors]
    assert "a?b" not in str(caught.value)


def test_plugins_that_were_found_already_are_used(settings):
    """The command line finds plugins once and hands them over."""
    plugins = Plugins()
    with Crm(settings, plugins=plugins) as crm:
        assert plugins is crm.plugins


def test_the_shop_window_shows_what_is_there():
    """Every name that `import crmcore` offers is found where its own module has it, and no other is listed."""
    import crmcore

    assert {"__version__", *crmcore._HOME} == set(crmcore.__all__)
    assert sorted(crmcore.__all__) == dir(crmcore)
    assert all(getattr(crmcore, name) is not None for name in crmcore.__all__)
    with pytest.raises(AttributeError, match="Crn"):
        _ = crmcore.Crn
