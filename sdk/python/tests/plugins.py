"""Plugins to try things on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import fusemoe
from fusemoe.modality.v1 import modality_pb2 as pb


class Lengths:
    """Encodes the length of each text as one number, or as encode_as says."""

    name, version, kind = "lengths", "1.0.0", fusemoe.MEASUREMENTS
    accepts = ["text/plain", fusemoe.ROW]

    def __init__(
        self,
        dim: int = 1,
        encode_as: Callable[[fusemoe.Sample], fusemoe.Sequence | None] | None = None,
        configure_as: Callable[[fusemoe.Config], int] | None = None,
    ) -> None:
        self.dim, self.encode_as, self.configure_as = dim, encode_as, configure_as

    def configure(self, config: fusemoe.Config) -> int:
        return self.configure_as(config) if self.configure_as else self.dim

    def encode(self, sample: fusemoe.Sample) -> fusemoe.Sequence | None:
        if self.encode_as:
            return self.encode_as(sample)
        return fusemoe.Sequence([i.time for i in sample.items], [[len(i.data)] * self.dim for i in sample.items])


class Counter(Lengths):
    """Learns the ids of the training split."""

    def fit(self, samples: Iterable[fusemoe.Sample]) -> bytes:
        return "".join(s.id for s in samples).encode()


def text(id: str, content: str = "") -> pb.Sample:
    return pb.Sample(id=id, items=[pb.Item(time=4, media_type="text/plain", data=content.encode())])
