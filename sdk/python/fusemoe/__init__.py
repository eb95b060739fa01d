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
