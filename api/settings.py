"""[service] of `linkage.toml`, and LINKAGE_SERVICE_* of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from linkage.jobs.terms import Terms
from linkage.settings import Section, Settings, load_section


class ServiceSettings(Section):
    """[service]: how the service is reached, and what it bears."""

    host: str = Field("127.0.0.1", description="address to listen on; a proxy with TLS before it")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 for any")
    graph: str | None = Field(
        None, description="database to answer from, as neo4j://host:7687; the run's files if none"
    )
    state: str | None = Field(
        None, description="URL of the state's database; SQLite in the workspace if none"
    )
    requests_per_minute: int = Field(6000, ge=1, description="of one key")
    failures_per_minute: int = Field(
        60, ge=1, description="of one address, without a key that works"
    )
    repeats: int = Field(
        20_000_000,
        ge=2,
        description="ids of the latest events by which a repeated one is known, 8 bytes each; half "
        "as many at least are remembered",
    )
    most_bytes: int = Field(
        32 << 20, ge=1024, description="bytes of a request's body, unpacked as well"
    )
    run_memory_mb: int = Field(
        6144,
        ge=1024,
        description="MB that a detection's process may reserve, some 1,000 of them for libraries "
        "and threads; beyond, the job fails and says so. A million accounts with 41 million events "
        "took 4,700",
    )
    run_every_hours: float | None = Field(
        None, gt=0, description="hours after which a detection begins by itself; never if none"
    )
    run_most_hours: float = Field(
        24.0, gt=0, description="hours that a detection may take; beyond, it is begun anew"
    )
    keep_runs: int = Field(
        10,
        ge=2,
        description="newest runs that are kept, and the one that is served",
    )
    graph_scope: Literal["flagged", "all"] = Field(
        "flagged", description="what of a run is brought into `graph`; the files answer the rest"
    )
    stop_seconds: int = Field(
        30, ge=1, description="seconds that requests get to finish when the service stops"
    )

    def terms(self, of_runs: Settings) -> Terms:
        """How detections are made."""
        return Terms(
            settings=of_runs,
            memory_mb=self.run_memory_mb,
            most_hours=self.run_most_hours,
            every_hours=self.run_every_hours,
            keep_runs=self.keep_runs,
            graph=self.graph,
            scope=self.graph_scope,
        )


def load(path: Path | None, environment: Mapping[str, str]) -> ServiceSettings:
    """The settings; SettingsError with every fault, of the file and of the environment."""
    found = load_section(ServiceSettings, "service", path, environment)
    if found.graph is None and environment.get("LINKAGE_GRAPH"):
        return found.model_copy(update={"graph": environment["LINKAGE_GRAPH"]})
    return found
