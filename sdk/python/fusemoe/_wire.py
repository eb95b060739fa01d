"""Between messages and what authors see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ._modality import ROW, Diagnostic, Item, Sample, Sequence
from .modality.v1 import modality_pb2 as pb


def sample_of(message: pb.Sample, accepts: Collection[str]) -> Sample:
    """A message as authors see it. Items that the plugin does not read are refused."""
    return Sample(message.id, [_item_of(i, m, accepts) for i, m in enumerate(message.items)])


def _item_of(i: int, m: pb.Item, accepts: Collection[str]) -> Item:
    if m.media_type not in accepts:
        raise Diagnostic(
            f"the plugin does not read {m.media_type!r}",
            detail=f"it reads {list(accepts)}",
            path=f"items[{i}].media_type",
        )
    item = Item(m.time, m.media_type, m.data, m.path)
    if m.media_type == ROW:
        names, values = m.row.names, m.row.values
        if len(names) != len(values):
            raise Diagnostic(f"{len(names)} names for {len(values)} values", path=f"items[{i}].row")
        item.row = dict(zip(names, values))
    if m.attributes:
        item.attributes = dict(m.attributes)
    return item


def fill(result: pb.Result, sequence: Sequence | None, dim: int) -> None:
    """Makes the result an author's sequence of vectors of dim values, or what is wrong
    with it."""
    try:
        pack(result.sequence, sequence, dim)
    except _BadSequence as err:
        words = f"the plugin returned a sequence that is none: {err}"
        refuse(result, Diagnostic(words, detail="this is a fault of the plugin; tell its author"))


def refuse(result: pb.Result, err: Diagnostic) -> None:
    result.error.CopyFrom(message_of(err))


def message_of(err: Diagnostic) -> pb.Diagnostic:
    return pb.Diagnostic(
        severity=pb.Diagnostic.SEVERITY_ERROR,
        summary=err.summary,
        detail=err.detail,
        path=err.path,
    )


class _BadSequence(Exception):
    """What is wrong with a sequence; it quotes none of its values."""


def pack(message: pb.Sequence, sequence: Sequence | None, dim: int) -> None:
    """Makes the message the sequence of vectors of dim values that modality.proto wants."""
    message.SetInParent()  # empty, it means missing
    if sequence is None:
        return
    if not isinstance(sequence, Sequence):
        raise _BadSequence(f"a {type(sequence).__name__}; encode returns a fusemoe.Sequence or None")
    times = _array(sequence.times, np.float64, "times")
    values = _array(sequence.values, np.float32, "values")
    if times.ndim != 1:
        raise _BadSequence(f"times of {times.ndim} dimensions; they are a list")
    if len(times) == 0 and values.size == 0:
        return
    shape = (len(times), dim)
    if values.shape != shape:
        raise _BadSequence(f"values of shape {values.shape}; {len(times)} times and configure promise {shape}")
    bits = b""
    if sequence.observed is not None:
        observed = _array(sequence.observed, np.bool_, "observed flags")
        if observed.shape != shape:
            raise _BadSequence(f"observed flags of shape {observed.shape} for values of shape {shape}")
        values = np.where(observed, values, np.float32(0))
        bits = np.packbits(observed, axis=None, bitorder="little").tobytes()
    _check(times, values)
    message.length = len(times)
    message.times = times.astype("<f8", copy=False).tobytes()
    message.values = values.astype("<f4", copy=False).tobytes()
    message.observed = bits


def _array(numbers: ArrayLike, dtype: DTypeLike, what: str) -> NDArray[Any]:
    if isinstance(numbers, np.ndarray) and numbers.dtype == dtype:
        return numbers
    try:
        with np.errstate(over="ignore"):  # too large for float32 becomes inf, which is refused
            return np.asarray(numbers, dtype=dtype)
    except (TypeError, ValueError):  # its words may quote what was recorded
        raise _BadSequence(f"{what} that are no rectangle of numbers") from None


def _check(times: NDArray[Any], values: NDArray[Any]) -> None:
    if not (good := np.isfinite(times)).all():
        raise _BadSequence(f"the time of row {int(np.argmin(good))} is not finite")
    if (back := times[1:] < times[:-1]).any():
        raise _BadSequence(f"the time of row {int(np.argmax(back)) + 1} is before that of the row before")
    if not (good := np.isfinite(values)).all():
        row, column = np.unravel_index(int(np.argmin(good)), good.shape)
        raise _BadSequence(f"value {column} of row {row} is not finite")
