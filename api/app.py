"""The app: routes, problems and the gate around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI, Security
from fastapi.responses import JSONResponse

from api import examples, schemas, told
from api.deps import Having
from api.gate import Gate
from api.problems import PROBLEMS, handle_all
from api.prompt import Prompt, of_graph
from api.routers import (
    accounts,
    banlists,
    clusters,
    decisions,
    events,
    health,
    runs,
    taxii,
    webhooks,
)  # fmt: skip
from api.service import Service
from linkage.state import Scope


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
    # The routes themselves, those of most reads first: each router that is asked first takes a
    # request as long as ten look-ups. The prefix is theirs: logs and figures have whole patterns.
    for router in (
        accounts.router, clusters.router, banlists.router, decisions.router, events.router,
        runs.router, taxii.router, webhooks.router, health.router, health.health,
    ):  # fmt: skip
        app.router.routes.extend(router.routes)

    @app.get(
        "/v1/openapi.json",
        tags=["operation"],
        dependencies=[Security(Having(Scope.read))],
        responses=PROBLEMS,
    )
    async def document() -> JSONResponse:
        """This document."""
        return JSONResponse(openapi(app))

    # The last is asked first.
    reads = {**of_graph({**accounts.READS, **clusters.READS}), **banlists.READS}
    app.add_middleware(Prompt, routes=app.router.routes, reads=reads)
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
    told.add(document)
    examples.add(document)
    return document
