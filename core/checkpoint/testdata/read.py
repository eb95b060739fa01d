"""Reads a checkpoint as docs/format/checkpoint.md says, with safetensors and, where it is
installed, PyTorch, and prints for each tensor its shape and the bits of its numbers."""
import hashlib
import json
import pathlib
import sys

from safetensors.numpy import load_file


def read(folder):
    text = (folder / "manifest.json").read_text()
    manifest = json.loads(text)
    before, after = text.rsplit(manifest["sha256"], 1)
    assert hashlib.sha256((before + "0" * 64 + after).encode()).hexdigest() == manifest["sha256"]
    states = [m["state"] for m in manifest["modalities"] if "state" in m]
    for file in [*manifest["files"].values(), *states]:
        content = (folder / file["name"]).read_bytes()
        assert len(content) == file["bytes"], file
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file
    return manifest, folder / manifest["files"]["weights"]["name"]


def main():
    manifest, path = read(pathlib.Path(sys.argv[1]))
    tensors = load_file(path)
    reader = "numpy"
    try:
        from safetensors.torch import load_file as load_torch
    except ImportError:
        pass  # no PyTorch here
    else:
        reader = "torch"
        for name, tensor in load_torch(path).items():
            assert tensor.numpy().tobytes() == tensors[name].tobytes(), name
    for name, a in tensors.items():
        assert a.dtype == "float32", a.dtype
    json.dump(
        {
            "reader": reader,
            "epoch": manifest["epoch"],
            "tensors": {n: {"shape": list(a.shape), "bits": a.reshape(-1).view("uint32").tolist()} for n, a in tensors.items()},
        },
        sys.stdout,
    )


main()
