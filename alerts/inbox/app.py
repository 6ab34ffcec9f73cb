"""The inbox as one application: its routes, its guard, its own files."""

from functools import partial
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from alerts import metrics
from alerts.evaluation import Law
from alerts.inbox import analysis, feed_health, pages, records, settling
from alerts.inbox.frame import HERE, Inbox, closed_day
from alerts.inbox.guard import Guard
from config.settings import Settings
from models.store import tables
from models.store.engine import reading

_PLOTLY = "package_data/plotly.min.js"
_STATUS_WORDS = {403: "foreign-form", 404: "not-found", 422: "bad-request"}


def create_app(engine: Engine, settings: Settings, law: Law) -> FastAPI:
    """The inbox on a store that is open; it reads, and keeps what officers decide."""
    app = FastAPI(title="escrow inbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.inbox = Inbox(engine, settings, law)
    app.add_middleware(Guard)
    app.include_router(pages.router)
    app.include_router(records.router)
    app.include_router(analysis.router)
    app.include_router(settling.router)
    app.include_router(feed_health.router)
    app.add_api_route("/static/plotly.min.js", _plotly, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_api_route("/metrics", _metrics, response_class=PlainTextResponse)
    app.add_api_route("/healthz", _healthz)
    app.add_api_route("/ready", _ready)
    app.add_exception_handler(HTTPException, _faulty)
    app.add_exception_handler(RequestValidationError, _faulty)
    return app


def _plotly() -> FileResponse:
    # Out of the installed package: the chart needs no other network and no copy of ours.
    path = str(files("plotly").joinpath(_PLOTLY))
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def _metrics(request: Request) -> Response:
    inbox: Inbox = request.app.state.inbox
    text = metrics.exposition(partial(reading, inbox.engine), inbox.reading, inbox.versions)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _healthz() -> dict[str, str]:
    return {"status": "ok"}


def _ready(request: Request) -> JSONResponse:
    """Ready when the store answers with its tables; how far it is closed is said beside."""
    inbox: Inbox = request.app.state.inbox
    try:
        with reading(inbox.engine) as connection:
            day = closed_day(connection)
            broken = select(tables.INSTITUTIONS.c.institution).where(
                tables.INSTITUTIONS.c.error.is_not(None)
            )
            parked = len(connection.execute(broken).all())
    except SQLAlchemyError as error:
        return JSONResponse({"ready": False, "reason": type(error).__name__}, 503)
    return JSONResponse(
        {"ready": True, "closed_day": day.isoformat() if day else None, "parked": parked}
    )


def _faulty(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 422
    inbox: Inbox = request.app.state.inbox
    word = _STATUS_WORDS.get(code)
    if word is None:
        return PlainTextResponse(f"{code}\n", code)
    with reading(inbox.engine) as connection:
        return inbox.page(request, "fault.html", connection, status_code=code, word=word)
