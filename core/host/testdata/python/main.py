"""A plugin that is troublesome on purpose: it prints, and its log lines are hostile."""

import logging
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass

import fusemoe
import numpy as np

print("loading 100 %...", end="")
for line in (
    '{"@message": 5, "@level": "info"}',  # makes go-plugin panic
    '{"level": "fatal", "message": "only words"}',
    "\x00\x1b]0;title\x07",
):
    print(line, file=sys.stderr)


@dataclass
class Settings:
    width: int = 1


class Texts:
    """Encodes the length of each text and how many texts it was fitted with."""

    name, version, kind = "texts", "1.0.0", fusemoe.EMBEDDINGS
    accepts = ["text/plain"]
    settings = Settings

    def configure(self, config):
        self.width = config.decode(Settings).width
        self.fitted = int(config.state or b"0")
        logging.getLogger("texts").warning("configured", extra={"width": self.width})
        warnings.warn("it is old")
        print("ready")
        os.system("echo a child says so")
        return self.width

    def features(self):
        # The test reads the process's number, and that of a child that outlives it.
        child = subprocess.Popen(["sleep", "1000"])
        return [str(os.getpid()), str(child.pid)] if self.width == 2 else []

    def fit(self, samples):
        return str(sum(1 for _ in samples)).encode()

    def encode(self, sample):
        text = sample.items[0].data
        if text == b"fails":
            raise ValueError("Mr Smith")
        values = np.full((len(sample.items), self.width), self.fitted, np.float32)
        values[:, 0] = len(text)
        return fusemoe.Sequence([item.time for item in sample.items], values)


fusemoe.serve(Texts())
