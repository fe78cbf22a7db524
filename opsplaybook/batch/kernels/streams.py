"""Output streams of forked kernels."""

from ipykernel.iostream import OutStream


class QuietStream(OutStream):
    """A stream that wakes its thread only when something was written.

    ipykernel flushes both streams three times a cell and waits for the thread each time. In a
    notebook that shows results and prints nothing, that is all waiting.
    """

    _written = False

    def write(self, string: str) -> int | None:
        """Write text; returns the number of characters."""
        count = super().write(string)
        # Afterwards: a flush from another thread in between would take this text for sent.
        self._written = True
        return count

    def flush(self) -> None:
        """Send what was written since the last time, and wait until it is sent."""
        if self._written:
            self._written = False
            super().flush()
