"""A consumer as the test meets it: a command that it runs, or an address at which one answers."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

from linkage.conformance.terms import Terms
from linkage.errors import SettingsError
from linkage.render import clean

SECONDS = 10.0  # for an answer: it looks something up, and asks nobody


class Silent(Exception):
    """A consumer does not answer, or says what is no answer."""


@dataclass(frozen=True)
class Answer:
    """What a consumer would do about an account. stale: None where it does not say."""

    action: str
    stale: bool | None = None


@dataclass(frozen=True)
class Place:
    """Where the lists are, and what they are checked with.

    url, key    of the server;  public_key: file;  folder: where the consumer may keep things
    """

    url: str
    key: str
    public_key: Path
    folder: Path


class Consumer(Protocol):
    """Whoever is tested."""

    restarts: bool

    def start(self, place: Place, terms: Terms) -> None:
        """Begin as if for the first time, with a folder that is empty."""

    def ask(self, account: str) -> Answer:
        """What it would do about an account; Silent where it does not say."""

    def revive(self) -> None:
        """Start it again, if it has ended, with the folder that it had."""

    def kill(self) -> None:
        """End it without a word."""

    def close(self) -> None:
        """It is needed no longer."""


class Command:
    """A process that is told where the lists are by its environment, and answers a line of standard
    input with one of standard output, both JSON."""

    restarts = True

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._environment: Mapping[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115

    def start(self, place: Place, terms: Terms) -> None:
        """Begin as if for the first time; SettingsError where there is no such command."""
        self.kill()
        self._environment = environment(place, terms)
        self.revive()

    def ask(self, account: str) -> Answer:
        """What it would do about an account; Silent where it does not say."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({"account": account}) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=SECONDS)
        except OSError:
            line = ""
        except queue.Empty:
            raise Silent(f"no answer in {SECONDS:g} s") from None
        if not line:
            raise Silent(f"its process ended with code {process.wait()}{self._last()}")
        return answer(line)

    def revive(self) -> None:
        """Start it again, if it has ended, with the folder that it had."""
        if self._process is not None and self._process.poll() is None:
            return
        self.kill()
        try:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env={**os.environ, **self._environment},
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise SettingsError(
                [f"{clean(self._words[0], 80)}: {clean(error)}"], "CONSUMER"
            ) from None
        self._answers = queue.Queue()
        reading = threading.Thread(target=_read, args=(self._process, self._answers), daemon=True)
        reading.start()

    def kill(self) -> None:
        """End it without a word."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with suppress(OSError):  # what was not written yet goes nowhere
            self._process.stdin.close()

    def close(self) -> None:
        """It is needed no longer."""
        self.kill()
        self._said.close()

    def _last(self) -> str:
        self._said.seek(0)
        lines = self._said.read().splitlines()
        return f": {clean(lines[-1], 200)}" if lines else ""


class Address:
    """A consumer that runs already, and is set up to poll the server of lists."""

    restarts = False

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._opener = build_opener(ProxyHandler({}))

    def start(self, place: Place, terms: Terms) -> None:
        """It has begun."""

    def ask(self, account: str) -> Answer:
        """What it would do about an account; Silent where it does not say."""
        address = f"{self._url}/decide?account={quote(account, safe='')}"
        try:
            with self._opener.open(address, timeout=SECONDS) as found:
                return answer(found.read(1 << 16).decode("utf-8", "replace"))
        except (URLError, OSError, ValueError) as error:
            raise Silent(f"{clean(self._url, 80)}: {clean(error, 200)}") from None

    def revive(self) -> None:
        """Whoever runs it does so."""

    def kill(self) -> None:
        """Never called: it cannot be restarted."""

    def close(self) -> None:
        """It goes on."""


def answer(text: str) -> Answer:
    """An answer from its JSON; Silent where it is none."""
    try:
        told: Any = json.loads(text)
        stale = told.get("stale")
        return Answer(str(told["action"]), stale if isinstance(stale, bool) else None)
    except (ValueError, KeyError, AttributeError):
        raise Silent(f"its answer is none: {clean(text, 100)}") from None


def environment(place: Place, terms: Terms) -> Mapping[str, str]:
    """What a command is told."""
    given = {
        "URL": place.url,
        "KEY": place.key,
        "PUBLIC_KEY": place.public_key,
        "FOLDER": place.folder,
        "POLL_SECONDS": terms.poll,
        "TIMEOUT_SECONDS": max(0.5, 2 * terms.poll),
        "STALE_SECONDS": terms.stale_after,
        "WHEN_STALE": terms.when_stale.value,
        "MOST_NEW": terms.most_new,
    }
    return {f"ENFORCE_{name}": str(value) for name, value in given.items() if value is not None}


def _read(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put("")
