"""Run with: PYTHONPATH=sdk/python python3 -m pytest examples/python-notes"""

import fusemoe
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not here: apt-get install python3-sklearn")
from main import Notes  # noqa: E402

TEXTS = ["slept well", "walked to the window", "short of breath", "short of breath, restless", "ate lunch"]


def sample(*texts: str) -> fusemoe.Sample:
    return fusemoe.Sample("a", [fusemoe.Item(i, "text/plain", text.encode()) for i, text in enumerate(texts)])


def fitted(width: int) -> Notes:
    state = b""
    for _ in range(2):
        plugin = Notes()
        plugin.configure(fusemoe.Config({"width": width}, state=state))
        state = state or plugin.fit([sample(text) for text in TEXTS])
    return plugin


def test_texts_of_the_same_words_are_near():
    calm, breath, both = fitted(3).encode(sample("slept well", "short of breath", "short of breath, restless")).values
    assert breath @ both > 0.8 > breath @ calm


def test_a_vector_depends_on_its_text_alone():
    plugin = fitted(3)
    together = plugin.encode(sample(*TEXTS)).values
    for i, text in enumerate(TEXTS):
        assert np.array_equal(plugin.encode(sample(text)).values[0], together[i])


def test_words_that_were_never_seen_have_no_direction():
    (vector,) = fitted(3).encode(sample("xylophone")).values
    assert np.isfinite(vector).all()


def test_too_few_texts_are_told_with_the_key_that_mends_it():
    with pytest.raises(fusemoe.Diagnostic, match="5 texts for training, too few for 9") as err:
        fitted(9)
    assert err.value.path == "width"
