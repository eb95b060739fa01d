"""Makes small networks of the kinds that the plugins run, and what Python makes of them:

    pip install onnx==1.23.2 onnxruntime==1.30.0
    python generate.py

text.onnx reads like BERT: every token is its embedding and that of its place, plus the
mean of all tokens that the mask leaves; the pooler looks at the first token. fixed.onnx is
the same for 32 tokens, no more and no less. image.onnx and signal.onnx are a convolution.
Their weights are random.
"""

import json
import pathlib

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
rng = numpy.random.RandomState(7)
WIDTH = 8
PLACES = 64


def weights(name, *shape):
    return numpy_helper.from_array(rng.standard_normal(shape).astype(numpy.float32).round(2), name)


def save(name, nodes, inputs, outputs, initializers, **options):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save_model(model, str(here / f"{name}.onnx"), **options)


def floats(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def ints(name, *shape, kind=TensorProto.INT64):
    return helper.make_tensor_value_info(name, kind, shape)


def text():
    """The network for one chunk of 32 tokens, and for any."""
    # The numbers of pieces are hashed to a few embeddings: that keeps the file small.
    nodes = [
        helper.make_node("Mod", ["input_ids", "buckets"], ["bucket"]),
        helper.make_node("Gather", ["embeddings", "bucket"], ["token"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["type"]),
        helper.make_node("Shape", ["input_ids"], ["length"], start=1, end=2),
        helper.make_node("Squeeze", ["length"], ["count"]),
        helper.make_node("Range", ["zero", "count", "one"], ["place"]),
        helper.make_node("Gather", ["places", "place"], ["placed"]),
        helper.make_node("Add", ["token", "placed"], ["there"]),
        helper.make_node("Add", ["there", "type"], ["alone"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["alone", "column"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "middle"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["column", "middle"], ["left"], keepdims=1),
        helper.make_node("Div", ["sum", "left"], ["mean"]),
        helper.make_node("Add", ["alone", "mean"], ["last_hidden_state"]),
        helper.make_node("Gather", ["last_hidden_state", "zero"], ["first"], axis=1),
        helper.make_node("MatMul", ["first", "dense"], ["product"]),
        helper.make_node("Tanh", ["product"], ["pooler_output"]),
    ]
    constants = {"buckets": 101, "zero": 0, "one": 1, "last": [2], "middle": [1]}
    initializers = [numpy_helper.from_array(numpy.array(v, numpy.int64), k) for k, v in constants.items()] + [
        weights("embeddings", 101, WIDTH), weights("places", PLACES, WIDTH), weights("types", 2, WIDTH),
        weights("dense", WIDTH, WIDTH),
    ]
    names = ["input_ids", "attention_mask", "token_type_ids"]
    for name, batch, length in [("text", "batch", "sequence"), ("fixed", 1, 32)]:
        save(name, nodes, [ints(n, batch, length) for n in names],
             [floats("last_hidden_state", batch, length, WIDTH), floats("pooler_output", batch, WIDTH)], initializers)


def convolution(name, inputs, kernel, features, features_shape, width):
    nodes = [
        helper.make_node("Conv", ["input", "kernel"], ["convolved"], strides=[2] * len(features_shape[2:])),
        helper.make_node("Relu", ["convolved"], [features]),
        helper.make_node("GlobalAveragePool", [features], ["averaged"]),
        helper.make_node("Flatten", ["averaged"], ["vector"]),
    ]
    save(name, nodes, [inputs], [floats(features, *features_shape), floats("vector", "batch", width)], [kernel])


def last_channel():
    """Signals with the leads last, as Keras has them, of a fixed length."""
    nodes = [
        helper.make_node("Transpose", ["input"], ["first"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["first", "kernel"], ["convolved"], strides=[50]),
        helper.make_node("GlobalAveragePool", ["convolved"], ["averaged"]),
        helper.make_node("Flatten", ["averaged"], ["vector"]),
    ]
    save("keras", nodes, [floats("input", "batch", 1024, 12)], [floats("vector", "batch", 6)], [weights("kernel", 6, 12, 5)])


def last_colour():
    """Images with the colours last, as Keras has them, and the features of their places."""
    nodes = [
        helper.make_node("Transpose", ["input"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "kernel"], ["convolved"], strides=[2, 2]),
        helper.make_node("Transpose", ["convolved"], ["features"], perm=[0, 2, 3, 1]),
    ]
    save("places", nodes, [floats("input", "batch", "height", "width", 3)],
         [floats("features", "batch", "high", "wide", 4)], [weights("kernel", 4, 3, 3, 3)])


def external():
    """A network with its weights in a file of their own."""
    (here / "external.onnx.data").unlink(missing_ok=True)
    nodes = [helper.make_node("MatMul", ["input", "matrix"], ["output"])]
    save("external", nodes, [floats("input", "batch", 16)], [floats("output", "batch", 16)], [weights("matrix", 16, 16)],
         save_as_external_data=True, location="external.onnx.data", size_threshold=0)


def unfit():
    """A network that fits no plugin: numbers in, whole numbers out."""
    save("whole", [helper.make_node("Add", ["x", "x"], ["twice"])],
         [ints("x", "n", kind=TensorProto.INT32)], [ints("twice", "n", kind=TensorProto.INT32)], [])


def run(name, output, inputs):
    session = onnxruntime.InferenceSession(str(here / f"{name}.onnx"))
    (out,) = session.run([output], inputs)
    return {"shape": list(out.shape), "values": [float(x) for x in out.ravel().astype(float).round(6)]}


def main():
    text()
    convolution("image", floats("input", "batch", 1, "height", "width"), weights("kernel", 4, 1, 3, 3),
                "features", ("batch", 4, "high", "wide"), 4)
    convolution("colour", floats("input", "batch", 3, 32, 32), weights("kernel", 4, 3, 3, 3),
                "features", ("batch", 4, 15, 15), 4)
    convolution("signal", floats("input", "batch", 12, "length"), weights("kernel", 6, 12, 5),
                "features", ("batch", 6, "long"), 6)
    last_channel()
    external()
    unfit()
    last_colour()
    ramp = numpy.linspace(-1, 1, 49, dtype=numpy.float32).reshape(1, 1, 7, 7)
    ids = numpy.array([[101, 2053, 15749, 102], [101, 30521, 102, 0]])
    mask = numpy.array([[1, 1, 1, 1], [1, 1, 1, 0]])
    tokens = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
    out = {
        "image features": run("image", "features", {"input": ramp}),
        "image vector": run("image", "vector", {"input": ramp}),
        "signal vector": run("signal", "vector", {"input": numpy.linspace(-1, 1, 1200, dtype=numpy.float32).reshape(1, 12, 100)}),
        "keras vector": run("keras", "vector", {"input": numpy.linspace(-1, 1, 12288, dtype=numpy.float32).reshape(1, 1024, 12)}),
        "text last_hidden_state": run("text", "last_hidden_state", tokens),
        "text pooler_output": run("text", "pooler_output", tokens),
        "external output": run("external", "output", {"input": numpy.linspace(0, 1, 16, dtype=numpy.float32).reshape(1, 16)}),
    }
    (here / "python.json").write_text(json.dumps(out, indent=0) + "\n")


main()
