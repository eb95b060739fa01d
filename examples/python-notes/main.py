"""python_notes encodes each text as a short vector, with what it learned from the training
split: words are hashed and weighted, and a singular value decomposition finds the few
directions in which the texts differ most (latent semantic analysis)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import fusemoe
import numpy as np


@dataclass
class Settings:
    width: Annotated[int, "length of the vectors: how many directions are kept"] = 64
    buckets: Annotated[int, "how many words can be told apart, a power of 2"] = 1 << 14
    words: Annotated[int, "the longest run of words that is looked at as one"] = 2

    def __post_init__(self) -> None:
        for key, most in [("width", 1024), ("buckets", 1 << 18), ("words", 5)]:
            if not 1 <= getattr(self, key) <= most:
                raise fusemoe.Diagnostic(f"want 1 to {most}", path=key)


class Notes:
    name, version, kind = "python_notes", "0.1.0", fusemoe.EMBEDDINGS
    accepts = ["text/plain"]
    settings = Settings

    def configure(self, config: fusemoe.Config) -> int:
        # Heavy imports wait until here, so that the plugin starts at once.
        from sklearn.feature_extraction.text import HashingVectorizer

        self.config, self.seed = config.decode(Settings), config.seed
        self.hash = HashingVectorizer(
            n_features=self.config.buckets, ngram_range=(1, self.config.words), alternate_sign=False
        )
        if config.state:
            learned = np.load(io.BytesIO(config.state), allow_pickle=False)
            self.directions = learned["directions"]
        return self.config.width

    def fit(self, samples: Iterable[fusemoe.Sample]) -> bytes:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        counts = self.hash.transform(text(item) for sample in samples for item in sample.items)
        if counts.shape[0] <= self.config.width:
            raise fusemoe.Diagnostic(
                f"there are {counts.shape[0]} texts for training, too few for {self.config.width} directions",
                detail="choose a smaller width",
                path="width",
            )
        weight = TfidfTransformer().fit(counts)
        svd = TruncatedSVD(self.config.width, random_state=self.seed % (1 << 32)).fit(weight.transform(counts))
        # Weighting is one factor a word: it becomes part of the directions.
        directions = (svd.components_ * weight.idf_).T.astype(np.float32)
        out = io.BytesIO()
        np.savez(out, directions=directions)
        return out.getvalue()

    def encode(self, sample: fusemoe.Sample) -> fusemoe.Sequence:
        vectors = self.hash.transform(text(item) for item in sample.items) @ self.directions
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return fusemoe.Sequence([item.time for item in sample.items], vectors / np.maximum(length, 1e-6))


def text(item: fusemoe.Item) -> str:
    return item.content().decode("utf-8", errors="replace")


if __name__ == "__main__":
    fusemoe.serve(Notes())
