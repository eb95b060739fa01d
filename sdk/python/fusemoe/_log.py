"""The author's code at work: what it logs, how it fails, whether anybody waits for it."""

from __future__ import annotations

import json
import logging
import os
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

log = logging.getLogger("fusemoe")

_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
    "panic": logging.CRITICAL,
    "disabled": logging.CRITICAL + 1,
}

# What every record has; anything else was given as extra={...} and is a field.
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class HostHandler(logging.Handler):
    """Writes records as lines of JSON that the host reads with level and fields."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = json.dumps(_fields(record), default=lambda value: type(value).__name__)
            # The line before may have no end: progress bars have none. The host skips empty lines.
            os.write(self._fd, b"\n" + line.encode() + b"\n")
        except Exception:  # a log line is never worth an end
            self.handleError(record)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    level = next((name for name in ("error", "warn", "info") if record.levelno >= _LEVELS[name]), "debug")
    line: dict[str, object] = {"@level": level, "@message": record.getMessage(), "@module": record.name}
    line |= {k: v for k, v in vars(record).items() if k not in _ORDINARY}
    if record.exc_info and record.exc_info[1]:
        line |= failure(record.exc_info[1])
    return line


def start(fd: int, level: str) -> None:
    """Sends what anybody logs to the host, and warnings, too."""
    logging.basicConfig(handlers=[HostHandler(fd)], level=_LEVELS.get(level, logging.INFO), force=True)
    logging.captureWarnings(True)


def failure(err: BaseException) -> dict[str, str]:
    """What may be told of an exception: its type and where it was raised. Its words may
    quote what was recorded of a patient, and so may source lines."""
    frames = traceback.extract_tb(err.__traceback__)
    return {
        "exception": type(err).__name__,
        "stack": "; ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames)),
    }


def place(err: BaseException) -> str:
    """The type of an exception and the line that raised it, for a message."""
    frames = traceback.extract_tb(err.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(err).__name__ + where


_current = threading.local()


def cancelled() -> bool:
    """Whether the host has given up the call that this thread works on. Long loops in
    encode or configure may ask, and return early; between samples it is noticed anyway."""
    context: grpc.ServicerContext | None = getattr(_current, "context", None)
    return context is not None and not context.is_active()


@contextmanager
def working(context: grpc.ServicerContext) -> Iterator[None]:
    """Makes context the one that cancelled asks."""
    _current.context = context
    try:
        yield
    finally:
        _current.context = None
