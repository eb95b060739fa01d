"""What authors meet: the class they write, what it gets and what it returns."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as List
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from ._settings import Config


class Kind(enum.IntEnum):
    """What the vectors of a sequence are; the numbers are those of modality.proto."""

    MEASUREMENTS = 1
    """Named numeric channels, each observed or not."""
    EMBEDDINGS = 2
    """Dense vectors, one per item."""


MEASUREMENTS: Final = Kind.MEASUREMENTS
EMBEDDINGS: Final = Kind.EMBEDDINGS

ROW: Final = "application/vnd.fusemoe.row"
"""The media type of items that carry a row of measurements."""


@dataclass(slots=True)
class Item:
    """One recorded thing: a row of measurements, a note, an image. Printed, it shows nothing
    of its content."""

    time: float
    """Counted from the beginning of the sample, in the unit that the dataset declares."""
    media_type: str
    """One of those that the plugin accepts."""
    data: bytes = field(default=b"", repr=False)
    """The content, unless it is a path or a row."""
    path: str = field(default="", repr=False)
    """A local file with the content."""
    row: Mapping[str, float] = field(default_factory=dict, repr=False)
    """What was measured, by name, in items of the type ROW."""
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further facts about the item, such as the view of an image."""

    def content(self) -> bytes:
        """The item's data, or what is in its file."""
        return Path(self.path).read_bytes() if self.path else self.data


@dataclass(slots=True)
class Sample:
    """What one modality recorded of whatever one prediction is about: a stay in
    intensive care, a video clip."""

    id: str = field(repr=False)
    """Tells samples apart. It may identify a patient: never log it."""
    items: List[Item]
    """In the order of their times."""


@dataclass(slots=True)
class Sequence:
    """What a plugin makes of a sample: T vectors of D numbers over time. None at all
    say that the modality is missing; the model has learned what to do then, so a
    plugin never invents values. Lists and arrays are equally good."""

    times: ArrayLike = field(repr=False)
    """T times in the unit of the items', ascending; equal ones are allowed."""
    values: ArrayLike = field(repr=False)
    """T x D finite numbers; they travel as float32."""
    observed: ArrayLike | None = field(default=None, repr=False)
    """T x D flags; None: everything was observed. Values that were not are ignored."""


class Diagnostic(Exception):
    """An error that a user can put right. Its words reach the user as they are, so
    they contain nothing of a patient.

    summary says in one line what is wrong, detail what to do about it, path which
    config key or item it is about, such as channels[2].min.
    """

    def __init__(self, summary: str, *, detail: str = "", path: str = "") -> None:
        super().__init__(summary)
        self.summary, self.detail, self.path = summary, detail, path

    def __str__(self) -> str:
        return (self.path and self.path + ": ") + self.summary + (self.detail and "; " + self.detail)


class Cancelled(Exception):
    """The host has given up the call; nobody waits for its result."""


class Modality(Protocol):
    """A class that encodes one kind of data. It need not inherit from this one. Its
    methods are called in this order and never two at a time:

    1. configure, with the user's config; again later, which replaces the first.
    2. fit, if there is one, and then configure with the fitted state.
    3. encode, or encode_batch if there is one, any number of times.

    What encode returns depends on the config, the fitted state and the sample alone:
    not on other samples, their order, or the time of day. That lets the core cache
    results and start the plugin again at any moment.

    Besides fit and encode_batch it may have these:

    settings: type           the dataclass of its config, from which the schema is made
    max_batch: int           the largest number of samples that encode_batch takes
    deterministic: bool      False if the same sample may be encoded differently the
                             next time, so that results must not be cached
    features() -> list[str]  one name per value of a vector, asked for after configure
    fingerprint() -> str     changes whenever results could change for reasons other
                             than version, config, state and the file of the class: a
                             file that the config names, say; asked for after configure
    """

    @property
    def name(self) -> str:
        """Small letters, digits and _, beginning with a letter."""

    @property
    def version(self) -> str:
        """The semantic version of the plugin. Results are cached by it."""

    @property
    def kind(self) -> Kind:
        """MEASUREMENTS or EMBEDDINGS."""

    @property
    def accepts(self) -> List[str]:
        """The media types of the items that encode understands. Samples with items of
        other types never reach it."""

    def configure(self, config: Config) -> int:
        """Checks the config, loads what encoding needs, which may take minutes, and
        returns the width D of the vectors that encode will return. Heavy imports
        belong here: a plugin must have started within 10 seconds."""

    def encode(self, sample: Sample) -> Sequence | None:
        """Turns one sample, which has at least one item, into a sequence; None if it
        has nothing of this modality. An exception concerns this sample only."""


@runtime_checkable
class Fitter(Protocol):
    """A modality that learns from the training split before it encodes."""

    def fit(self, samples: Iterable[Sample]) -> bytes:
        """Reads the samples of the training split once and returns what it learned, at
        most 64 MiB, never nothing. The next configure has it as config.state."""


@runtime_checkable
class BatchEncoder(Protocol):
    """A modality that encodes several samples at once faster than one by one."""

    def encode_batch(self, samples: List[Sample]) -> List[Sequence | None]:
        """Returns one sequence per sample, in order, the same as encode would. If it
        fails, the samples are tried one by one to find out which is at fault."""
