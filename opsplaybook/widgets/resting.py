"""Wait until the hand rests: a drag or a word typed sends many values, and the last one counts."""

import asyncio
from collections.abc import Callable


class Rested:
    """A callback that acts once nothing has been heard for a while.

    Parameters
    ----------
    act : callable
        Takes nothing.
    seconds : float
        How long it waits.

    Attributes
    ----------
    restarts : bool
        Whether every value begins the wait anew. Otherwise it acts that long after the first one,
        while the hand still moves, and again for what comes later.
    """

    def __init__(self, act: Callable[[], None], seconds: float) -> None:
        self.restarts = True
        self._act, self._seconds = act, seconds
        self._waiting: asyncio.TimerHandle | None = None

    def __call__(self, _: object = None) -> None:
        """Hear that a value has come."""
        if self._waiting is not None:
            if not self.restarts:
                return
            self._waiting.cancel()
        self._waiting = asyncio.get_event_loop().call_later(self._seconds, self._end)

    def _end(self) -> None:
        self._waiting = None
        self._act()
