"""The example of Flask: a push comes in, a complaint comes out, the pages show it, and only to who knows the password."""

from __future__ import annotations

from html import escape

import pytest
from flask_dealer import create_app
from sqlalchemy import text

from crmcore.types.contact import MessageState

ENVIRON = {"CRM_HOOK_SECRET": "s3cret-of-the-hooks", "SMS_PASSWORD": "…"}
DESK = ("lin", "open-sesame")


@pytest.fixture(name="make")
def _make(dealer):
    """Makes the application of a dealer; what was made ends with the test."""
    made = []

    def make(dealer=dealer, **settings):
        (dealer.folder / "crm.db").rename(dealer.folder / "site.db")  # where crm.toml does not look
        given = {
            "TESTING": True,
            "CRM_TOML": dealer.toml,
            "DATABASE_URL": f"sqlite:///{dealer.folder / 'site.db'}",
            "DESK_PASSWORD": DESK[1],
        }
        made.append(create_app(given | settings, clock=dealer.clock, environ=ENVIRON))
        return made[-1]

    yield make
    for app in made:
        app.extensions["crm"].close()
        app.extensions["engine"].dispose()


@pytest.fixture(name="app")
def _app(make):
    return make()


@pytest.fixture(name="get")
def _get(app):
    """Asks for a page with the password of the desk."""
    client = app.test_client()
    return lambda path, **given: client.get(path, **{"auth": DESK, **given})


def test_a_text_that_complains_becomes_a_case_that_the_pages_show(app, get, dealer, mo):
    """What Kannel pushes opens a case with a deadline, on the list and in the file of who wrote it."""
    number, words = dealer.angry
    answer = app.test_client().get(mo(number, words))
    [customer] = app.extensions["crm"].customers.find(phone=number)
    page, board = get(f"/customers/{customer.id}").text, get("/complaints").text

    assert 200 == answer.status_code
    assert "投诉处理中" in page
    assert "客户来信" in page
    assert words in page
    assert words in board
    assert "2026-11-22 10:30" in board  # half an hour until it must be handed over
    assert f"/customers/{customer.id}" in board


def test_the_dealers_own_words_open_a_case(app, get, dealer, mo):
    """A text that asks for the loaner car is a complaint here, says why, and a text that is content is none."""
    number, _ = dealer.angry
    client, crm = app.test_client(), app.extensions["crm"]
    client.get(mo(number, "代步车很好，谢谢"))
    before = len(crm.complaints.open())
    client.get(mo(number, "说好的代步车呢", id_="2"))
    cases = crm.complaints.open()

    assert before + 1 == len(cases)
    assert "说好的代步车呢" in {case.verbatim for case in cases}
    assert "说好的代步车呢" in get("/complaints").text


@pytest.mark.parametrize("wrong", [{"secret": "guessed"}, {"instance": "other"}])
def test_who_does_not_know_the_address_learns_nothing(app, dealer, mo, wrong):
    """A wrong secret and an unknown instance are 404, and nothing is kept."""
    before = len(app.extensions["crm"].complaints.open())
    answer = app.test_client().get(mo(*dealer.angry, **wrong))

    assert 404 == answer.status_code
    assert before == len(app.extensions["crm"].complaints.open())


@pytest.mark.parametrize("path", ["/", "/customers", "/customers/C1", "/complaints"])
def test_the_pages_ask_who_it_is(app, path):
    """Without the password there is no page, and with a wrong one neither."""
    client = app.test_client()

    assert 401 == client.get(path).status_code
    assert 401 == client.get(path, auth=("lin", "guessed")).status_code


def test_without_a_password_it_does_not_start(make):
    """Personal data is never open by forgetting."""
    with pytest.raises(SystemExit, match="FLASK_DESK_PASSWORD"):
        make(DESK_PASSWORD="")


def test_a_customer_is_found_by_his_number(get, app, dealer):
    """The search leads to the file; a number that nobody has is said to be nobody's, an id that nobody has is 404."""
    [customer] = app.extensions["crm"].customers.find(phone=dealer.angry[0])

    assert f'href="/customers/{customer.id}">{customer.full_name}' in get(f"/customers?phone={dealer.angry[0]}").text
    assert "没有使用这个号码的客户" in get("/customers?phone=13800130000").text
    assert "没有使用这个号码的客户" in get("/customers?phone=nonsense").text
    assert 404 == get("/customers/C99999").status_code
    assert 404 == get("/customers/nonsense").status_code


def test_what_a_customer_writes_is_no_markup(app, get, dealer, mo):
    """Words of strangers stand on the page as they were written, and do nothing."""
    words = "<script>alert(1)</script> 没修好"
    app.test_client().get(mo(dealer.angry[0], words))
    [customer] = app.extensions["crm"].customers.find(phone=dealer.angry[0])
    page = get(f"/customers/{customer.id}").text

    assert "<script>" not in page
    assert escape(words) in page


def test_a_number_that_said_no_is_not_texted_and_the_page_says_why(app, get, dealer):
    """The text that was due is refused, and stands in the file with the reason."""
    crm, (customer, number) = app.extensions["crm"], dealer.texted
    crm.customers.opt_out(number, by="api")
    crm.send(yes=True)
    page = get(f"/customers/{customer}").text

    assert MessageState.REFUSED in {each.state for each in crm.messages.of(customer)}
    assert "不发送" in page
    assert "原因：" in page
    assert "已拒绝：短信" in page


def test_who_has_looked_is_kept_beside_the_tables_of_crmcore(app, get, dealer):
    """The application's own table is in the same database, and its engine is still good after the Crm has closed."""
    customer, _ = dealer.texted
    get(f"/customers/{customer}")
    page = get(f"/customers/{customer}", auth=("wu", DESK[1])).text
    app.extensions["crm"].close()
    with app.extensions["engine"].connect() as connection:
        kept = connection.execute(text("SELECT who FROM dealer_look ORDER BY id")).scalars().all()
        theirs = connection.execute(text("SELECT count(*) FROM customer")).scalar_one()

    assert "最近查看：wu 2026-11-22 10:00，lin 2026-11-22 10:00" in page
    assert ["lin", "wu"] == kept
    assert theirs > 100


def test_cron_has_its_command(app):
    """`flask crm-run` does the verbs in their order; without --yes nothing leaves."""
    done = app.test_cli_runner().invoke(args=["crm-run"])

    assert 0 == done.exit_code, done.output
    assert done.output.startswith("read ")
    assert MessageState.SENDING not in {
        each.state for number in range(1, 50) for each in app.extensions["crm"].messages.of(f"C{number}")
    }


def test_two_in_one_process_never_meet(make, dealer, planned, tmp_path, mo):
    """A push to one application opens no case in the other."""
    import shutil

    import attrs

    shutil.copytree(planned.folder, tmp_path / "other")
    here, there = make(), make(attrs.evolve(dealer, folder=tmp_path / "other"))
    before = len(there.extensions["crm"].complaints.open())
    here.test_client().get(mo(*dealer.angry))

    assert before + 1 == len(here.extensions["crm"].complaints.open())
    assert before == len(there.extensions["crm"].complaints.open())
