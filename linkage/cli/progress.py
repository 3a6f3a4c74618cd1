"""A progress bar that shows up only if there is something to wait for."""

from __future__ import annotations

from threading import Lock, Timer
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from linkage.cli.output import console
from linkage.render import clean

PATIENCE = 2.0  # seconds without a bar


class Waiting:
    """Call it with a stage and the fraction of the whole; on standard error, after two seconds.

    Where standard error is no terminal, each stage is one line.
    """

    def __init__(self, title: str, *, quiet: bool, patience: float = PATIENCE) -> None:
        self._title = title
        self._screen: Console = console(errors=True)
        self._lock = Lock()
        self._shown = False
        self._last: tuple[str, float] = ("", 0.0)
        self._bar: Progress | None = None
        self._timer = None if quiet else Timer(patience, self._show)

    def __enter__(self) -> Waiting:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
            self._shown, self._bar = False, None

    def __call__(self, stage: str, fraction: float) -> None:
        with self._lock:
            changed = stage != self._last[0]
            self._last = (stage, fraction)
            if self._shown:
                self._update(changed)

    def _show(self) -> None:
        with self._lock:
            self._shown = True
            if self._screen.is_terminal:
                self._bar = Progress(
                    TextColumn("{task.description}", markup=False),
                    BarColumn(),
                    TextColumn("{task.percentage:>3.0f} %"),
                    TimeElapsedColumn(),
                    console=self._screen,
                    transient=True,
                )
                self._bar.add_task(self._title, total=1.0)
                self._bar.start()
            self._update(changed=True)

    def _update(self, changed: bool) -> None:
        stage, fraction = self._last
        text = f"{self._title}: {clean(stage)}" if stage else self._title
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=fraction, description=text)
        elif changed:
            self._screen.print(f"{text} ({fraction:.0%})")
