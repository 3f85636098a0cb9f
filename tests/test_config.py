"""What is said about a crm.toml: every mistake at once, each with its line and its fix, and nothing read that was not meant."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path

import attrs
import pytest

from crmcore import config as configuration
from crmcore.config import load_config
from crmcore.config.document import read
from crmcore.config.places import Places
from crmcore.errors import ConfigError, CrmError, PluginError
from crmcore.hooks import DmsAdapter, MessagingAdapter, ParsesReplies, Secret, hookimpl
from crmcore.hooks.manager import Plugins
from crmcore.lang import LANGUAGES, catalogue
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel
from crmcore.types.store import CalendarId, Role


@attrs.frozen(kw_only=True)
class FilesConfig:
    path: str
    folder: Path = Path()
    tries: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    ratio: float = 0.5
    wide: bool = False
    names: tuple[str, ...] = ()
    columns: Mapping[str, str | tuple[str, ...]] = attrs.field(factory=dict)


class Files(DmsAdapter):
    name = "files"
    Config = FilesConfig

    def pull(self, cursor):
        yield from ()


@attrs.frozen(kw_only=True)
class PipeConfig:
    url: str
    password: Secret = attrs.field(factory=lambda: Secret(""))


class Pipe(MessagingAdapter, ParsesReplies):
    name = "pipe"
    channels = frozenset({Channel.SMS})
    Config = PipeConfig

    def send(self, message, *, key):
        raise NotImplementedError

    def parse_replies(self, request):
        raise NotImplementedError


@pytest.fixture(name="plugins", scope="module")
def _plugins():
    module = types.ModuleType("ours")
    module.crmcore_adapters = hookimpl(lambda: [Files, Pipe], specname="crmcore_adapters")
    return Plugins([module])


STORE = """
[store]
code = "S01"
name = "示范店"
"""


@pytest.fixture(name="load")
def _load(tmp_path, plugins):
    """Loads a text as crm.toml, with these environment variables."""

    def load(text: str, *, store: str = STORE, **environ: str):
        (tmp_path / "crm.toml").write_text(textwrap.dedent(text) + store, "utf-8")
        return load_config(tmp_path / "crm.toml", plugins, environ=environ)

    return load


@pytest.fixture(name="mistakes")
def _mistakes(load):
    """The codes and places of what is wrong in a text."""

    def mistakes(text: str, *, store: str = STORE, **environ: str):
        with pytest.raises(ConfigError) as caught:
            load(text, store=store, **environ)
        return [(error.code, error.at.removeprefix("crm.toml:"), error.params["path"]) for error in caught.value.errors]

    return mistakes


def test_little_is_needed(load, tmp_path):
    """One store is a whole configuration; everything else has a default with a source."""
    config = load("")

    assert ("示范店", "Asia/Shanghai") == (config.stores[0].name, config.stores[0].timezone)
    assert (time(21), time(8)) == (config.contact.quiet.start, config.contact.quiet.end)
    assert f"sqlite:///{tmp_path / 'crm.db'}" == config.database_url
    assert {"POST_REPAIR_CALLBACK", "SHOWROOM_THANKS"} <= set(config.rules)
    assert all(rule.source for rule in config.rules.values())
    assert {} == config.dms == config.messaging


def test_everything_can_be_said(load, tmp_path):
    """The example of the design loads, with times, dates, enums, paths and secrets as what they are."""
    config = load(
        """
        lang = "zh"
        [[staff]]
        code = "E01"
        name = "员工一"
        role = "CR_AGENT"
        phone = "138 0013 0001"
        away_until = 2026-12-01
        [contact]
        max_per_week = 3
        quiet = "20:30－08：30"
        [database]
        url = "postgresql://crm@db/crm"
        [care]
        packs = ["aftersales"]
        [care.rules.FIRST_MAINTENANCE]
        expires = "P40D"
        label = { en = "First" }
        [templates.BIRTHDAY]
        zh = "{name}，生日快乐！"
        [[events]]
        code = "STORM"
        rule = "WEATHER"
        on = 2026-12-03
        label = { zh = "暴雪", en = "snow" }
        [dms.main]
        adapter = "files"
        system = "old"
        path = 'D:\\exports\\*.csv'
        folder = "here"
        columns = { "customer.phone" = ["手机", "电话"], name = "客户" }
        [messaging.sms]
        adapter = "pipe"
        classes = ["SERVICE"]
        url = "http://127.0.0.1"
        password = { env = "PW" }
        [serve]
        public_url = "https://crm.example.cn/"
        secret = { env = "HOOK" }
        [systems]
        retired = ["gone"]
        [plugins]
        disabled = ["nobody"]
        """,
        PW="secret",
        HOOK="h",
    )
    dms, sms = config.dms["main"], config.messaging["sms"]

    assert ("+8613800130001", Role.CR_AGENT, "S01") == (
        config.staff[0].phone,
        config.staff[0].role,
        config.staff[0].store,
    )
    assert (3, time(20, 30), time(8, 30)) == (
        config.contact.max_per_week,
        config.contact.quiet.start,
        config.contact.quiet.end,
    )
    assert CalendarId.EVERY_DAY is config.stores[0].calendar
    assert ("P40D", "First") == (
        config.rules["FIRST_MAINTENANCE"].expires,
        config.rules["FIRST_MAINTENANCE"].label["en"],
    )
    assert config.rules["FIRST_MAINTENANCE"].label["zh"]
    assert "SHOWROOM_THANKS" not in config.rules
    assert "{name}，生日快乐！" == config.templates["BIRTHDAY"].zh
    assert ("old", tmp_path / "here") == (dms.system, dms.settings.folder)
    assert {"customer.phone": ("手机", "电话"), "name": "客户"} == dms.settings.columns
    assert Secret("secret") == sms.settings.password
    assert frozenset({"old", "gone"}) == config.systems
    assert "https://crm.example.cn/hooks/h/sms" == config.served().callback_url("sms")
    assert {("dms", "files"): ["dms.main"], ("messaging", "pipe"): ["messaging.sms"]} == config.used_by()


def test_secrets_are_not_shown(load):
    """Neither the repr of a configuration nor an error of it shows a password."""
    config = load(
        """
        [database]
        url = { env = "DB" }
        [messaging.sms]
        adapter = "pipe"
        url = "http://127.0.0.1"
        password = { env = "PW" }
        [serve]
        public_url = "https://x"
        secret = { env = "PW" }
        """,
        DB="postgresql://crm:hidden@db/crm",
        PW="hidden",
    )

    assert "hidden" not in repr(config)
    assert "postgresql://crm:hidden@db/crm" == config.database_url


@pytest.mark.parametrize(
    ("text", "code", "line", "path"),
    [
        ("colour = 1", "CRM-C110", "1", "colour"),
        ("langg = 'zh'", "CRM-C111", "1", "langg"),
        ("lang = 'fr'", "CRM-C131", "1", "lang"),
        ("[contact]\nmax_per_day = '2'", "CRM-C121", "2", "contact.max_per_day"),
        ("[contact]\n\nmax_pr_day = 2", "CRM-C111", "3", "contact.max_pr_day"),
        ("[contact]\nquiet = '21'", "CRM-C129", "2", "contact.quiet"),
        ("contact = 5", "CRM-C124", "1", "contact"),
        ("[care]\npacks = 'sales'", "CRM-C125", "2", "care.packs"),
        ("[care]\npacks = [\n  'sales',\n  'salse',\n]", "CRM-C159", "4", "care.packs[2]"),
        ("[care.rules.BIRTHDAYS]\nwithin = 'P1D'", "CRM-C132", "1", "care.rules.BIRTHDAYS"),
        ("[care.rules.BIRTHDAY]\nwithin = '1 day'", "CRM-C163", "2", "care.rules.BIRTHDAY.within"),
        ("[care.rules.BIRTHDAY]\nchannels = ['FAX']", "CRM-C131", "2", "care.rules.BIRTHDAY.channels[1]"),
        ("[care.rules.BIRTHDAY]\nchannels = ['GROUP']", "CRM-C131", "2", "care.rules.BIRTHDAY.channels[1]"),
        ("[care.rules.BIRTHDAY]\nstop_on = ['ORGANISATION']", "CRM-C132", "2", "care.rules.BIRTHDAY.stop_on[1]"),
        ("[care.rules.BIRTHDAY]\ntemplate = 'BIRTHDY'", "CRM-C132", "2", "care.rules.BIRTHDAY.template"),
        ("[templates.BIRTHDAY]\nzh = '{nme}'", "CRM-T111", "2", "templates.BIRTHDAY.zh"),
        ("[[events]]\ncode = 'A'\nrule = 'WETHER'\non = 2026-01-01\nlabel = {}", "CRM-C132", "3", "events[1].rule"),
        ("[[events]]\ncode = 'A'\nrule = 'WEATHER'\non = '1.1.'\nlabel = {}", "CRM-C126", "4", "events[1].on"),
        (
            "[[events]]\ncode = 'A'\nrule = 'WEATHER'\non = 2026-01-02\nuntil = 2026-01-01\nlabel = {}",
            "CRM-C162",
            "5",
            "events[1].until",
        ),
        ("[[staff]]\nname = 'x'", "CRM-C112", "1", "staff[1].code"),
        ("[[staff]]\ncode = 'E'\nname = 'x'\nrole = 'BOSS'", "CRM-C131", "4", "staff[1].role"),
        ("[[staff]]\ncode = 'E'\nname = 'x'\nstore = 'S02'", "CRM-C132", "4", "staff[1].store"),
        ("[[staff]]\ncode = 'E'\nname = 'x'\nphone = '12'", "CRM-C155", "4", "staff[1].phone"),
        ("[dms.main]\npath = 'x'", "CRM-C112", "1", "dms.main.adapter"),
        ("[dms.main]\nadapter = 'fles'\npath = 'x'", "CRM-C132", "2", "dms.main.adapter"),
        ("[dms.main]\nadapter = 'files'", "CRM-C112", "1", "dms.main.path"),
        ("[dms.main]\nadapter = 'files'\npath = 5", "CRM-C120", "3", "dms.main.path"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\npaths = 'y'", "CRM-C111", "4", "dms.main.paths"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\ntries = 0", "CRM-C133", "1", "dms.main"),
        ("[complaints]\nhandover = { minutes = 0 }", "CRM-C133", "2", "complaints.handover"),
        ("[complaints]\nrepeat_days = -1", "CRM-C133", "1", "complaints"),
        ("[callbacks]\nmax_attempts = 0", "CRM-C133", "1", "callbacks"),
        ("[surveys]\ncooldown_days = -1", "CRM-C133", "1", "surveys"),
        ("[rework]\nsame_fault_days = 0", "CRM-C133", "1", "rework"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\ntries = true", "CRM-C121", "4", "dms.main.tries"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\nratio = '1'", "CRM-C122", "4", "dms.main.ratio"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\nwide = 'false'", "CRM-C123", "4", "dms.main.wide"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\nenabled = 'false'", "CRM-C123", "4", "dms.main.enabled"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\nnames = 'abc'", "CRM-C125", "4", "dms.main.names"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\nstores = ['S2']", "CRM-C131", "4", "dms.main.stores[1]"),
        ("[dms.main]\nadapter = 'files'\npath = 'x'\ncolumns = { a = 5 }", "CRM-C125", "4", "dms.main.columns.a"),
        ("[messaging.sms]\nadapter = 'pipe'\nurl = 'x'\npassword = 5", "CRM-C130", "4", "messaging.sms.password"),
        ("[messaging.sms]\nadapter = 'pipe'\nurl = { env = 'X' }", "CRM-C120", "3", "messaging.sms.url"),
        ("[database]\nurl = { env = 'NOPE' }", "CRM-C140", "2", "database.url"),
        ("[suffix]\nCARE = { fr = 'x' }", "CRM-C131", "2", "suffix.CARE.fr"),
    ],
)
def test_a_mistake_is_told_with_its_place(mistakes, text, code, line, path):
    """A typo, a wrong type, a value that does not exist: one message with code, line and key."""
    assert [(code, line, path)] == mistakes(text)


def test_a_group_of_colleagues_is_no_way_to_a_customer(load):
    """It is not offered where another way is not known."""
    with pytest.raises(ConfigError) as caught:
        load("[care.rules.BIRTHDAY]\nchannels = ['PIGEON']")

    assert "SMS" in str(caught.value.errors[0].params["known"])
    assert "GROUP" not in str(caught.value.errors[0].params["known"])


@pytest.mark.parametrize(
    ("store", "code", "path"),
    [
        ("", "CRM-C151", "crm.toml"),
        ("[store]\ncode = 'A'\nname = 'a'\n[[stores]]\ncode = 'B'\nname = 'b'", "CRM-C150", "store"),
        ("[[stores]]\ncode = 'A'\nname = 'a'\n[[stores]]\ncode = 'A'\nname = 'b'", "CRM-C156", "stores[2].code"),
        ("[store]\ncode = 'A'\nname = 'a'\ntimezone = 'Asia/Shanhai'", "CRM-C152", "store.timezone"),
        ("[store]\ncode = 'A'\nname = 'a'\nhours = ['12:00-08:00']", "CRM-C153", "store.hours"),
        ("[store]\ncode = 'A'\nname = 'a'\nhours = []", "CRM-C153", "store.hours"),
        ("[store]\ncode = ' '\nname = 'a'", "CRM-C154", "store.code"),
        ("[store]\ncode = 'A'\nname = 'a'\nhours = ['8:30-12:00', 'noon']", "CRM-C129", "store.hours[2]"),
    ],
)
def test_a_store_must_make_sense(mistakes, store, code, path):
    """No store, a store twice, a zone that does not exist, hours that end before they begin."""
    assert [(code, path)] == [(found, where) for found, _, where in mistakes("", store=store)]


def test_a_store_may_close_at_midnight(load):
    """Hours that end at 00:00 end with the day."""
    config = load("", store="[store]\ncode = 'A'\nname = 'a'\nhours = ['18:00-00:00']")

    assert time(0) == config.stores[0].hours[0].end


def test_all_mistakes_are_told_at_once(mistakes):
    """Five mistakes in five tables are five messages, in the order of the file."""
    found = mistakes(
        """
        lang = "fr"
        [contact]
        max_per_day = "2"
        [care.rules.BIRTHDAY]
        within = "1 day"
        [dms.main]
        adapter = "fles"
        [messaging.sms]
        adapter = "pipe"
        """
    )

    assert ["CRM-C131", "CRM-C121", "CRM-C163", "CRM-C132", "CRM-C112"] == [code for code, _, _ in found]
    assert ["2", "4", "6", "8", "9"] == [line for _, line, _ in found]


def test_every_message_has_words_and_a_fix_in_both_languages(mistakes, load):
    """No code of the configuration is without a sentence, a fix, and the same placeholders in zh and en."""
    for lang in LANGUAGES:
        entries = {code: entry for code, entry in catalogue(lang)["errors"].items() if code.startswith("CRM-C")}
        assert all(entry["text"] and entry["fix"] for entry in entries.values())
    assert catalogue("zh")["errors"].keys() == catalogue("en")["errors"].keys()


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_notepad_mark_does_not_matter(tmp_path, plugins, bom):
    """UTF-8 loads with and without a byte-order mark, and with Windows line ends."""
    (tmp_path / "crm.toml").write_bytes(bom + STORE.replace("\n", "\r\n").encode())

    assert "示范店" == load_config(tmp_path / "crm.toml", plugins).stores[0].name


@pytest.mark.parametrize(
    ("raw", "code", "at"),
    [
        (STORE.encode("gbk"), "CRM-C103", "crm.toml:4"),
        (STORE.encode("utf-16"), "CRM-C104", "crm.toml"),
        (b"\n[store]\n\xff\xff", "CRM-C105", "crm.toml:3"),
        (b"[store]\ncode = S01\n", "CRM-C106", "crm.toml:2"),
        (b"[store]\ncode = 'a'\ncode = 'b'\n", "CRM-C106", "crm.toml:3"),
        (b"\n[store", "CRM-C106", "crm.toml:2"),
        (b'[dms.main]\npath = "D:\\exports\\x.csv"\n', "CRM-C107", "crm.toml:2"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, raw, code, at):
    """A GBK file, an UTF-16 file, a missing quote, a Windows path in double quotes: each is named with its line."""
    (tmp_path / "crm.toml").write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "crm.toml")

    assert (code, at) == (caught.value.code, caught.value.at)


def test_a_missing_file_sends_to_init(tmp_path):
    """Where there is no crm.toml the message says how to get one."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "crm.toml")

    assert "CRM-C101" == caught.value.code
    assert "crmcore init" in caught.value.render("zh")


MESSAGING = """
    [messaging.one]
    adapter = "pipe"
    url = "http://127.0.0.1"
    {one}
    [messaging.other]
    adapter = "pipe"
    url = "http://127.0.0.2"
    {other}
"""
TWO = "[[stores]]\ncode = 'A'\nname = 'a'\n[[stores]]\ncode = 'B'\nname = 'b'\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stores = ['A']", "stores = ['B']"),
        ("classes = ['SERVICE', 'CARE']", "classes = ['MARKETING']"),
        ("enabled = false", ""),
    ],
)
def test_accounts_may_share_the_work(load, one, other):
    """Two accounts for different stores or classes, or one of them switched off, are fine."""
    config = load(MESSAGING.format(one=one, other=other), store=TWO)
    account = config.account("B", MessageClass.MARKETING, Channel.SMS)

    assert account is not None
    assert "other" == account.name
    assert config.account("B", MessageClass.CARE, Channel.WECHAT) is None


@pytest.mark.parametrize(
    ("one", "other"), [("", ""), ("stores = ['A']", ""), ("classes = ['CARE']", "stores = ['A']\nclasses = ['CARE']")]
)
def test_a_message_has_one_way_to_go(mistakes, one, other):
    """Two accounts that would carry the same message are a mistake that names both."""
    found = mistakes(MESSAGING.format(one=one, other=other.replace("\n", "\n    ")), store=TWO)

    assert [("CRM-C158", "messaging.other")] == [(code, path) for code, _, path in found]


def test_groups_of_colleagues_stand_beside_texts_and_each_other(load, plugins, tmp_path):
    """A robot and an SMS account live side by side, and two robots of one store are both told."""
    robots = """
        [messaging.sms]
        adapter = "pipe"
        url = "http://127.0.0.1"
        [messaging.managers]
        adapter = "wecom"
        key = { env = "KEY" }
        [messaging.agents]
        adapter = "dingtalk"
        access_token = { env = "TOKEN" }
    """
    config = load(robots, KEY="k", TOKEN="t")

    assert ["sms", "managers", "agents"] == list(config.messaging)
    assert "sms" == config.account("S01", MessageClass.SERVICE, Channel.SMS).name


def test_an_account_without_its_plugin_is_in_nobodys_way(tmp_path):
    """A robot whose plugin is off is a trouble of its own; the texts of the customers still go."""
    text = """
        [messaging.sms]
        adapter = "gateway"
        url = "http://127.0.0.1"
        [messaging.group]
        adapter = "wecom"
        key = "k"
    """
    (tmp_path / "crm.toml").write_text(textwrap.dedent(text) + STORE, "utf-8")
    config = load_config(tmp_path / "crm.toml", Plugins(disabled=frozenset({"notify_robot"})), environ={})

    assert "CRM-P102" == config.messaging["group"].problem.code
    assert config.messaging["sms"].problem is None


MISSING = """
    [dms.main]
    adapter = "files"
    path = "x"
    [messaging.sms]
    adapter = "pipe"
    url = "http://127.0.0.1"
    password = { env = "PW" }
    [serve]
    public_url = "https://x"
    secret = { env = "HOOK" }
"""


class Clock:
    def now(self):
        return datetime(2026, 11, 22, tzinfo=UTC)


def test_a_missing_secret_stops_only_what_needs_it(load):
    """Without SMS_PASSWORD the DMS is still read; the texts say which variable is not set."""
    config = load(MISSING, HOOK="h")
    adapter = configuration.build(config, config.dms["main"], Clock())
    with pytest.raises(ConfigError) as caught:
        configuration.build(config, config.messaging["sms"], Clock())

    assert isinstance(adapter, Files)
    assert ("CRM-C140", "PW", "crm.toml:8") == (caught.value.code, caught.value.params["variable"], caught.value.at)


def test_replies_without_a_secret_path_are_not_lost_unseen(load):
    """An account that takes replies is not used while the secret of its address is missing."""
    config = load(MISSING, PW="p")
    with pytest.raises(ConfigError) as caught:
        configuration.build(config, config.messaging["sms"], Clock())

    assert ("CRM-C140", "HOOK") == (caught.value.code, caught.value.params["variable"])
    with pytest.raises(ConfigError):
        config.served()


def test_an_adapter_gets_what_it_needs(load, tmp_path):
    """The context names instance, system, folder, callback address and zone."""
    config = load(MISSING, PW="p", HOOK="h")
    context = configuration.build(config, config.messaging["sms"], Clock(), salt=b"1").context

    assert ("sms", "sms", tmp_path, b"1") == (context.instance, context.system, context.folder, context.salt)
    assert ("https://x/hooks/h/sms", "Asia/Shanghai") == (context.callback_url, context.timezone)


def test_an_adapter_that_cannot_start_is_its_own_fault(load, monkeypatch):
    """A constructor that raises stops its instance, and says whose fault it is."""
    monkeypatch.setattr(Files, "__init__", lambda *_: 1 / 0)
    config = load(MISSING)
    with pytest.raises(PluginError) as caught:
        configuration.build(config, config.dms["main"], Clock())

    assert ("CRM-P104", "ZeroDivisionError") == (caught.value.code, caught.value.params["why"])


@pytest.mark.parametrize(("disabled", "code"), [("dms_csv", "CRM-P102")])
def test_an_adapter_of_a_disabled_plugin_is_no_typo(tmp_path, disabled, code):
    """An instance whose plugin is disabled stops alone; the file is not wrong."""
    text = f"{STORE}\n[plugins]\ndisabled = ['{disabled}']\n[dms.main]\nadapter = 'csv'\npath = 'x'\n"
    (tmp_path / "crm.toml").write_text(text, "utf-8")
    config = load_config(tmp_path / "crm.toml")
    with pytest.raises(CrmError) as caught:
        configuration.build(config, config.dms["main"], Clock())

    assert (code, "crm.toml:8") == (caught.value.code, caught.value.at)


def test_a_pack_of_the_dealer_is_checked_where_it_stands(load, tmp_path):
    """A mistake in a pack file is told with the line of that file; a rule that is there twice as well."""
    (tmp_path / "own.toml").write_text(
        "[rules.BIRTHDAY]\nlabel = { zh = 'x', en = 'x' }\npurpose = 'P'\nanchor = 'BIRTDAY'\nsource = 'us'\n"
    )
    with pytest.raises(ConfigError) as caught:
        load("[care]\npacks = ['own.toml']\n")

    assert [("CRM-C132", "own.toml:4")] == [(error.code, error.at) for error in caught.value.errors]


def test_a_pack_that_is_no_toml_is_named(load, tmp_path):
    """A syntax error in a pack is told with the line of the pack."""
    (tmp_path / "own.toml").write_text("\n[rules\n")
    with pytest.raises(ConfigError) as caught:
        load("[care]\npacks = ['sales', 'own.toml']\n")

    assert [("CRM-C106", "own.toml:2")] == [(error.code, error.at) for error in caught.value.errors]


def test_lines_are_found_in_any_dress():
    """Keys are found behind comments, in arrays over several lines, inline tables, quoted keys and texts with brackets."""
    places = Places(
        textwrap.dedent(
            '''\
            # [not.a.table]
            a.b = """
            [x]
            y = 1"""
            "c d" = [ # comment ]
              "]", 'x',
              { e = 1, "f.g" = { h = 2 } },
            ]
            [t]
            k = 1
            [t.u]
            k = 2
            [[rows]]
            [rows.sub]
            z = 1
            [[rows]]
            z = 2
            '''
        )
    )
    wanted = {
        ("a",): 2,
        ("a", "b"): 2,
        ("c d",): 5,
        ("c d", 1): 6,
        ("c d", 2, "f.g", "h"): 7,
        ("t", "k"): 10,
        ("t", "u", "k"): 12,
        ("rows", 0, "sub", "z"): 15,
        ("rows", 1, "z"): 17,
        ("rows", 1, "no"): 16,
        ("nothing",): 1,
    }

    assert wanted == {path: places.line(path) for path in wanted}
