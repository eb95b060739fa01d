"""What is a sequence, and what is none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fusemoe
from fusemoe._wire import fill
from fusemoe.modality.v1 import modality_pb2 as pb

PAIR = [[1.0, 2.0]]


def result_of(sequence: fusemoe.Sequence | None, dim: int) -> pb.Result:
    result = pb.Result()
    fill(result, sequence, dim)
    return result


@pytest.mark.parametrize(
    "times, values, observed, want",
    [
        ([], PAIR, None, "values of shape (1, 2); 0 times and configure promise (0, 2)"),
        ([0], [[1]], None, "values of shape (1, 1); 1 times and configure promise (1, 2)"),
        ([0], [1, 2], None, "values of shape (2,)"),
        ([0, 1], [[1, 2], [3]], None, "values that are no rectangle of numbers"),
        ([0], [["Mr", "Smith"]], None, "values that are no rectangle of numbers"),
        (["noon"], PAIR, None, "times that are no rectangle of numbers"),
        ([[0]], PAIR, None, "times of 2 dimensions"),
        ([0], [[1, math.nan]], None, "value 1 of row 0 is not finite"),
        ([0, 1], [[1, 2], [1e39, 3]], None, "value 0 of row 1 is not finite"),
        ([math.inf], PAIR, None, "the time of row 0 is not finite"),
        ([0, 2, 1], PAIR * 3, None, "the time of row 2 is before that of the row before"),
        ([0], PAIR, [[True]], "observed flags of shape (1, 1) for values of shape (1, 2)"),
    ],
)
def test_what_is_no_sequence_is_refused(times: Any, values: Any, observed: Any, want: str) -> None:
    got = result_of(fusemoe.Sequence(times, values, observed), 2)
    assert want in got.error.summary
    assert "Smith" not in str(got) and "noon" not in str(got)


def test_another_type_is_refused() -> None:
    got = result_of([[1.0, 2.0]], 2)  # type: ignore[arg-type]
    assert "a list; encode returns a fusemoe.Sequence or None" in got.error.summary


def test_bytes_are_as_the_contract_says() -> None:
    got = result_of(fusemoe.Sequence([0, 0.5], [[1, 2], [3, 4]]), 2).sequence
    assert got.length == 2
    assert got.times == np.array([0, 0.5], "<f8").tobytes()
    assert got.values == np.array([1, 2, 3, 4], "<f4").tobytes()
    assert got.observed == b""


def test_unobserved_values_may_be_anything() -> None:
    values = np.array([[math.nan] * 5, [1, 2, 3, 4, 5]])
    observed = np.array([[False] * 5, [True, False, True, True, True]])
    got = result_of(fusemoe.Sequence([1, 1], values, observed), 5).sequence
    assert np.frombuffer(got.values, "<f4").tolist() == [0, 0, 0, 0, 0, 1, 0, 3, 4, 5]
    assert got.observed == bytes([0b10100000, 0b00000011])  # the first value is the lowest bit


@pytest.mark.parametrize("missing", [None, fusemoe.Sequence([], []), fusemoe.Sequence([], np.zeros((0, 2)))])
def test_no_vectors_mean_missing(missing: fusemoe.Sequence | None) -> None:
    got = result_of(missing, 2)
    assert got.HasField("sequence") and got.sequence.length == 0


def test_arrays_of_any_layout_and_number_type_are_good() -> None:
    wide = np.arange(12, dtype=np.int64).reshape(3, 4)[:, ::2]
    got = result_of(fusemoe.Sequence(np.arange(3), wide), 2).sequence
    assert np.frombuffer(got.values, "<f4").tolist() == [0, 2, 4, 6, 8, 10]


def test_what_is_printed_of_a_sample_shows_nothing_of_a_patient() -> None:
    item = fusemoe.Item(1.5, "text/plain", b"Smith", "smith.txt", {"Smith": 7.0}, {"name": "Smith"})
    sample = fusemoe.Sample("smith", [item])
    assert repr(sample) == "Sample(items=[Item(time=1.5, media_type='text/plain')])"
    assert repr(fusemoe.Sequence([1.0], [[7.0]])) == "Sequence()"
