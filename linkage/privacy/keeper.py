"""Once a day, what is too old goes; and before a detection, which would else look at it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from linkage.errors import PrivacyError
from linkage.privacy.expiry import Expired

DAY = 24 * 3600.0
AGAIN = 600.0  # seconds, where a detection went on


class Keeper:
    """Has things expire in a thread of its own."""

    def __init__(
        self,
        expire: Callable[[], Expired],
        told: Callable[[Expired], None],
        trouble: Callable[[Exception], None],
    ) -> None:
        """`told` hears what went, `trouble` of faults; both from any thread."""
        self._expire, self._tell, self._trouble = expire, told, trouble
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """For the first time at once."""
        self._thread.start()

    def now(self) -> bool:
        """Whether it could be done: not while a detection goes on, nor where there is a fault."""
        try:
            self._tell(self._expire())
        except PrivacyError:
            return False
        except Exception as error:
            self._trouble(error)
            return False
        return True

    def close(self) -> None:
        """Begin nothing more, and wait for the end of what was begun."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(DAY if self.now() else AGAIN)
