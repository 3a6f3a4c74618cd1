"""What a process says of itself: JSON lines on its standard output."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Literal, TextIO

from pydantic import BaseModel, Field, TypeAdapter, ValidationError


class Planned(BaseModel):
    """The stages that there will be."""

    says: Literal["plan"] = "plan"
    stages: list[str]


class Reached(BaseModel):
    """How much of a stage is done, and of the whole; seconds: it took, once it is done."""

    says: Literal["stage"] = "stage"
    stage: str
    fraction: float
    whole: float
    seconds: float | None = None


class Published(BaseModel):
    """The result is there, whole."""

    says: Literal["run"] = "run"
    run: str


class Ended(BaseModel):
    """It is done; or why it is not, and whether another attempt would come no further."""

    says: Literal["end"] = "end"
    fault: str | None = None
    final: bool = False


Line = Planned | Reached | Published | Ended
_LINES: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="says")])


def read(text: str | bytes) -> Line | None:
    """A line; None where it is none of these, as the last of a process that was killed."""
    try:
        return _LINES.validate_json(text)
    except ValidationError:
        return None


class Teller:
    """Says how far a process is.

    weights   stage -> its usual share of the whole, in their order
    """

    def __init__(self, weights: Mapping[str, float], out: TextIO) -> None:
        self._weights, self._out = weights, out
        self._stage, self._begun, self._done = "", 0.0, 0.0
        self.say(Planned(stages=list(weights)))

    def say(self, line: Line) -> None:
        """At once."""
        self._out.write(line.model_dump_json() + "\n")
        self._out.flush()

    def ran(self, stage: str, _: float) -> None:
        """As `Recorder` tells its progress: each stage when it begins and when it is done."""
        if stage == self._stage:
            self._ended()
        else:
            self._started(stage)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What happens inside is a stage."""
        self._started(name)
        yield
        self._ended()

    def part(self, fraction: float) -> None:
        """So much of the stage is done."""
        whole = (self._done + self._weights[self._stage] * fraction) / self._total()
        self.say(Reached(stage=self._stage, fraction=round(fraction, 3), whole=round(whole, 4)))

    def _started(self, stage: str) -> None:
        self._stage, self._begun = stage, time.monotonic()
        self.part(0.0)

    def _ended(self) -> None:
        self._done += self._weights[self._stage]
        self.say(
            Reached(
                stage=self._stage,
                fraction=1.0,
                whole=round(self._done / self._total(), 4),
                seconds=round(time.monotonic() - self._begun, 3),
            )
        )

    def _total(self) -> float:
        return sum(self._weights.values())
