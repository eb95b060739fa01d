"""The README's plugin does what a reader expects of it."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

import fusemoe


def test_the_plugin_of_the_readme_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text()
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block
    module = types.ModuleType("readme")
    monkeypatch.setitem(sys.modules, "readme", module)  # a dataclass looks its module up
    exec(block.group(1), vars(module))

    plugin = module.HeartRate()
    assert plugin.configure(fusemoe.Config({"max": 220})) == 1
    rows = [(0.5, {"heart_rate": 72.0}), (1.0, {"temp": 36.6}), (1.5, {"heart_rate": 999.0})]
    got = plugin.encode(fusemoe.Sample("a", [fusemoe.Item(t, fusemoe.ROW, row=row) for t, row in rows]))
    assert (got.times, got.values) == ([0.5], [[0.72]])
