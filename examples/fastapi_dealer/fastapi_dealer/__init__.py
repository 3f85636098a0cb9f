"""A dealer's own service with a CRM in it: FastAPI, one `Crm` from start to end, called from async code in threads.

uvicorn --factory fastapi_dealer:create_app
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from crmcore import Crm
from crmcore.contrib.starlette import webhook
from fastapi_dealer import desk
from fastapi_dealer.own_list import OwnList

HERE = Path(__file__).parent


def create_app(settings: Mapping[str, Any] | None = None, **handed: Any) -> FastAPI:
    """The application; `settings` go before the environment: CRM_TOML, DESK_PASSWORD, OWN_LIST.

    `handed` goes on to `Crm`: a clock, adapters, an environ for tests.
    """
    given = {"CRM_TOML": "crmcore-demo/crm.toml", "OWN_LIST": "do-not-contact.txt", **os.environ, **(settings or {})}
    if not given.get("DESK_PASSWORD"):
        msg = "set DESK_PASSWORD: the pages show who your customers are"
        raise SystemExit(msg)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        own = OwnList(Path(given["OWN_LIST"]))
        with Crm(given["CRM_TOML"], hooks=[own], **handed) as crm:
            app.state.crm, app.state.own, app.state.templates = crm, own, desk.templates(crm)
            app.add_route("/hooks/{path:path}", webhook(crm.handle_webhook), methods=["GET", "POST"])
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.password = given["DESK_PASSWORD"]
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(desk.router)
    return app
