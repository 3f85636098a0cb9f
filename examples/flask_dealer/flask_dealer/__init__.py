"""A dealer's own site with a CRM in it: Flask, one `Crm` for the process, on the database of the application.

flask --app flask_dealer run
flask --app flask_dealer crm-run --yes        from cron
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from flask import Flask
from sqlalchemy import create_engine

from crmcore import Crm
from crmcore.contrib.flask import webhook
from flask_dealer import desk, looks, own_words
from flask_dealer.words import Words


def create_app(settings: Mapping[str, Any] | None = None, **handed: Any) -> Flask:
    """The application; `settings` go before the environment (FLASK_CRM_TOML, FLASK_DATABASE_URL, FLASK_DESK_PASSWORD).

    `handed` goes on to `Crm`: a clock, adapters, an environ for tests.
    """
    app = Flask(__name__)
    app.config.update(CRM_TOML="crmcore-demo/crm.toml", DATABASE_URL="sqlite:///crmcore-demo/crm.db", DESK_PASSWORD="")
    app.config.from_prefixed_env()
    app.config.from_mapping(settings or {})
    if not app.config["DESK_PASSWORD"]:
        msg = "set FLASK_DESK_PASSWORD: the pages show who your customers are"
        raise SystemExit(msg)

    engine = create_engine(app.config["DATABASE_URL"])
    crm = Crm(app.config["CRM_TOML"], connection=engine, hooks=[own_words], **handed)
    looks.metadata.create_all(engine)  # a table of ours beside those of crmcore, in one database
    app.extensions.update(crm=crm, engine=engine)

    app.register_blueprint(desk.blueprint)
    app.add_url_rule("/hooks/<path:path>", "hooks", webhook(crm.handle_webhook), methods=["GET", "POST"])
    app.cli.add_command(run_command(crm))
    words = Words(crm)
    app.jinja_env.globals.update(words=words)
    app.jinja_env.filters.update(local=words.local, why=words.why, say=words.say, label=words.label, asked=words.asked)
    return app


def run_command(crm: Crm) -> click.Command:
    """`flask crm-run`: what cron calls; as `crmcore run`."""

    @click.command("crm-run")
    @click.option("--yes", is_flag=True, help="really send")
    def run(yes: bool) -> None:
        done = crm.run(yes=yes)
        click.echo(f"read {sum(each.read for each in done.sync.sources)}, texts {done.send.counts()}")

    return run
