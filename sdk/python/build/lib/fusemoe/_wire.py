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


def result_of(sequence: Sequence | None, dim: int) -> pb.Result:
    """An author's sequence as a message, or what is wrong with it."""
    try:
        return pb.Result(sequence=pack(sequence, dim))
    except _BadSequence as err:
        return refusal(
            Diagnostic(
                f"the plugin returned a sequence that is none: {err}",
                detail="this is a fault of the plugin; tell its author",
            )
        )


def refusal(err: Diagnostic) -> pb.Result:
    return pb.Result(error=message_of(err))


def message_of(err: Diagnostic) -> pb.Diagnostic:
    return pb.Diagnostic(
        severity=pb.Diagnostic.SEVERITY_ERROR,
        summary=err.summary,
        detail=err.detail,
        path=err.path,
    )


class _BadSequence(Exception):
    """What is wrong with a sequence; it quotes none of its values."""


def pack(sequence: Sequence | None, dim: int) -> pb.Sequence:
    """The sequence of vectors of dim values as modality.proto promises it."""
    if sequence is None:
        return pb.Sequence()
    if not isinstance(sequence, Sequence):
        raise _BadSequence(f"a {type(sequence).__name__}; encode returns a fusemoe.Sequence or None")
    times = _array(sequence.times, np.float64, "times")
    values = _array(sequence.values, np.float32, "values")
    if times.ndim != 1:
        raise _BadSequence(f"times of {times.ndim} dimensions; they are a list")
    if len(times) == 0 and values.size == 0:
        return pb.Sequence()
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
    return pb.Sequence(
        length=len(times),
        times=times.astype("<f8", copy=False).tobytes(),
        values=values.astype("<f4", copy=False).tobytes(),
        observed=bits,
    )


def _array(numbers: ArrayLike, dtype: DTypeLike, what: str) -> NDArray[Any]:
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
