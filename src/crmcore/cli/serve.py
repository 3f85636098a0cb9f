"""crmcore serve: take what vendors push, until it is stopped."""

from __future__ import annotations

import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State


@click.command("serve", cls=Command)
@click.option("--host", metavar="ADDRESS")
@click.option("--port", type=click.IntRange(0, 65535))
@click.pass_obj
def command(state: State, host: str | None, port: int | None) -> None:
    """Stored durably before it is answered."""
    from crmcore.contrib.serve import make_server

    crm = state.crm
    serve = crm.config.served()
    server = make_server(
        crm.receive, serve.secret.reveal(), host=host or serve.host, port=serve.port if port is None else port
    )
    state.note(state.say("serve.listening", url=serve.public_url))
    server.run()
