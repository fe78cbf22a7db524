"""Ctrl-C and SIGTERM ask a batch to stop; it then ends its children and can be resumed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class StopRequest:
    """Whether and by which signal a stop was asked for.

    Attributes
    ----------
    signal_number : int or None
        None as long as nobody asked.
    """

    signal_number: int | None = None

    @property
    def made(self) -> bool:
        """Whether a stop was asked for."""
        return self.signal_number is not None


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a request; the second acts as usual.

    Outside of the main thread, where Python hands out no signals, nothing is changed.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(number: int, _frame: FrameType | None) -> None:
        request.signal_number = number
        restore()

    for number in _SIGNALS:
        signal.signal(number, ask)
    try:
        yield request
    finally:
        restore()
