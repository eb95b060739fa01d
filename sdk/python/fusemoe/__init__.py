"""Write a modality plugin of fusemoe in Python.

A plugin is a class with a name and two methods, and one call:

    import fusemoe

    class Words:
        name, version, kind = "words", "0.1.0", fusemoe.EMBEDDINGS
        accepts = ["text/plain"]

        def configure(self, config):
            return 1  # the width of the vectors

        def encode(self, sample):
            counts = [[len(item.content().split())] for item in sample.items]
            return fusemoe.Sequence([item.time for item in sample.items], counts)

    fusemoe.serve(Words())

Modality says what else such a class may have.
"""

import sys

try:
    import google.protobuf
    import grpc
    import numpy  # noqa: F401
except ImportError as err:
    raise ImportError(
        f"fusemoe needs grpcio, protobuf and numpy, and {sys.executable} has no {err.name}; run "
        f"`{sys.executable} -m pip install grpcio protobuf numpy`, or name another Python in plugin.json"
    ) from None

from ._log import cancelled
from ._modality import (
    EMBEDDINGS,
    MEASUREMENTS,
    ROW,
    BatchEncoder,
    Cancelled,
    Diagnostic,
    Fitter,
    Item,
    Kind,
    Modality,
    Sample,
    Sequence,
)
from ._process import serve
from ._settings import Config

__all__ = [
    "EMBEDDINGS",
    "MEASUREMENTS",
    "ROW",
    "BatchEncoder",
    "Cancelled",
    "Config",
    "Diagnostic",
    "Fitter",
    "Item",
    "Kind",
    "Modality",
    "Sample",
    "Sequence",
    "cancelled",
    "serve",
]
