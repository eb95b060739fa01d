"""Writes what Python makes of an image with the small networks of plugins/internal/onnx:

    pip install onnxruntime==1.30.0 numpy
    python embed.py > networks.json

The image has 32 x 32 pixels of the value (7x + 13y) mod 256.
"""

import json
import pathlib

import numpy
import onnxruntime

networks = pathlib.Path(__file__).parent / "../../internal/onnx/testdata"
x, y = numpy.meshgrid(numpy.arange(32), numpy.arange(32))
image = ((7 * x + 13 * y) % 256).astype(numpy.float32)
xray = (2 * (image / 255) - 1) * 1024  # as torchxrayvision.datasets.normalize
colour = (image[None] / 255 - numpy.reshape([0.485, 0.456, 0.406], (3, 1, 1))) / numpy.reshape([0.229, 0.224, 0.225], (3, 1, 1))
bytes_last = numpy.repeat(image[..., None], 3, axis=2)


def run(name, output, pixels, places):
    session = onnxruntime.InferenceSession(str(networks / f"{name}.onnx"))
    (out,) = session.run([output], {"input": pixels[None].astype(numpy.float32)})
    return [float(v) for v in out.astype(float).mean(axis=places)[0].round(6)]


print(json.dumps({
    "gray": run("image", "vector", xray[None], ()),
    "gray, places": run("image", "features", xray[None], (2, 3)),
    "colour": run("colour", "features", colour, (2, 3)),
    "colour last": run("places", "features", bytes_last, (1, 2)),
}, indent=0))
