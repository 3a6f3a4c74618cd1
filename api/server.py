"""Runs the app until it is told to stop."""

from __future__ import annotations

import gc
import json
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import structlog
import uvicorn
from structlog.tracebacks import ExceptionDictTransformer

from api.app import create_app
from api.service import Service
from api.settings import ServiceSettings
from linkage.banlist import BanlistSettings
from linkage.errors import LinkageError
from linkage.privacy import Privacy
from linkage.render import clean
from linkage.settings import Settings
from linkage.webhooks import Webhook
from linkage.workspace import Workspace


def run(
    folder: Path,
    settings: ServiceSettings,
    of_runs: Settings,
    privacy: Privacy,
    banlist: BanlistSettings | None = None,
    webhooks: Sequence[Webhook] = (),
) -> None:
    """Serve a workspace; returns when SIGINT or SIGTERM came and requests are done."""
    log_to(sys.stderr)
    with _listening(settings.host, settings.port) as listening:
        service = Service(Workspace.at(folder), settings, of_runs, None, privacy, banlist, webhooks)
        server = _Server(
            service,
            uvicorn.Config(
                create_app(service),
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=settings.stop_seconds,
            ),
        )
        # What is there now stays: nobody looks through it for garbage again, while requests wait.
        gc.collect()
        gc.freeze()
        structlog.get_logger("linkage").info("listening", address=_address(listening))
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Waits at its end for requests; those that follow a detection end when it is stopped."""

    def __init__(self, service: Service, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn has it."""
        self._service.jobs.stop()
        await super().shutdown(sockets)


def _listening(host: str, port: int) -> socket.socket:
    """A socket to take requests from; LinkageError where there can be none."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise LinkageError(f"{clean(host, 80)}:{port}: cannot listen there: {error}") from None


def _address(listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


_LINES = json.JSONEncoder(default=repr)


def _line(event: object, **_: object) -> str:
    """A line of the log, by an encoder that is not made anew for each."""
    return _LINES.encode(event)


def log_to(stream: TextIO) -> None:
    """One JSON object a line: no prompts, no keys, no paths that name people, and of a fault the
    places in the code, not what was in its variables."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
        foreign_pre_chain=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each look at the schema
