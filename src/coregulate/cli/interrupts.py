"""Ctrl-C that no layer below can swallow."""

from __future__ import annotations

import _thread
import signal
import threading


class Interrupts:
    """Remembers Ctrl-C while it is entered, and repeats it until the work has ended.

    Compiled code may turn it into an error of its own; a callback out of compiled code (the
    compiler's own, for one) prints it and goes on as if nothing had been.
    """

    AGAIN_S = 1.0  # longer than putting things away takes
    seen = False
    _again: threading.Timer | None = None

    def __enter__(self) -> Interrupts:
        # Python takes signals in the main thread alone.
        self._mine = threading.current_thread() is threading.main_thread()
        if self._mine:
            self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        if self._again is not None:
            self._again.cancel()
        if self._mine:
            signal.signal(signal.SIGINT, self._before)

    def _stop(self, number: int, frame: object) -> None:
        self.seen = True
        if self._again is not None:
            self._again.cancel()
        self._again = threading.Timer(self.AGAIN_S, _interrupt)
        self._again.daemon = True
        self._again.start()
        raise KeyboardInterrupt


def _interrupt() -> None:
    """Send the main thread Ctrl-C's signal; where threads take none, set it as seen."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # wakes it from waiting too
    else:
        _thread.interrupt_main()
