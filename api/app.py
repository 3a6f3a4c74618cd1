"""The app: routes, problems and the gate around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse

from api import examples, schemas
from api.deps import having
from api.gate import Gate
from api.problems import MEDIA_TYPE, handle_all
from api.routers import accounts, clusters, decisions, events, health, runs
from api.service import Service
from linkage.state import Scope

_WHY = {
    401: "No key, or one that does not work",
    403: "The key has not the scope",
    404: "There is no such thing",
    409: "It has changed meanwhile, or what it takes is not there yet; of a page, `after` is not "
    "of this question and run",
    413: "The body is too large",
    415: "The body is packed in a way that is not known here",
    422: "The request is not as it must be",
    429: "Too many requests; see Retry-After",
    503: "The run, graph or state cannot be used just now; see Retry-After",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": why,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, why in _WHY.items()
}


def create_app(service: Service) -> FastAPI:
    """The app over a service, which is closed when the app ends."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.ingest = CapacityLimiter(events.AT_ONCE)
        yield
        service.close()

    app = FastAPI(
        title="linkage",
        version=version("linkage"),
        description="Clusters of accounts that one operator runs, why, and what was decided.",
        # Pages that explain the API would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=life,
    )
    app.state.service = service
    handle_all(app)
    app.include_router(health.health)
    # The prefix is the routers' own: the log and the figures have whole patterns of routes then.
    for module in (events, runs, clusters, accounts, decisions, health):
        app.include_router(module.router, responses=PROBLEMS)

    @app.get(
        "/v1/openapi.json",
        tags=["operation"],
        dependencies=[Depends(having(Scope.read))],
        responses=PROBLEMS,
    )
    async def document() -> JSONResponse:
        """This document."""
        return JSONResponse(openapi(app))

    app.add_middleware(Gate, service=service)
    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with problems as they are, and examples."""
    document = app.openapi()
    shapes = document["components"]["schemas"]
    shapes["Problem"] = schemas.Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    shapes |= shapes["Problem"].pop("$defs", {})
    for name in ("HTTPValidationError", "ValidationError"):
        shapes.pop(name, None)
    examples.add(document)
    return document
