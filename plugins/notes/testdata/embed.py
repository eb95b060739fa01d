"""Prints what Python makes of texts with a BERT-like network, for each way of pooling:

    pip install onnxruntime==1.30.0 tokenizers==0.23.3 numpy
    onnx=../../internal/onnx/testdata/text.onnx vocab=../../internal/wordpiece/testdata/bert-base-uncased/vocab.txt
    python embed.py $onnx $vocab 20 > text.json

20 is the longest chunk. .ci/onnx does the same with a network that was trained.
"""

import json
import sys

import numpy
import onnxruntime
from tokenizers import BertWordPieceTokenizer

TEXTS = [
    "No pedal edema.",
    "Mr. Ångström (naïve, café): BP 120/80, SpO2 97%; T 37.2°C -- “stable”?!",
    "İstanbul ΣΊΣΥΦΟΣ 漢字 한국어 😀 e\u0301\u0323 ½ ﬁ don't 3.14e-10 [SEP]",
    "a" * 101 + " pneumothorax " + "zq" * 40,
    " ".join(["Extubated this morning; bibasilar opacities, small pleural effusions, no pneumothorax."] * 90),
]


def chunks(tokenizer, text, longest):
    """The pieces of a text, cut before words where it can be, between [CLS] and [SEP]."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    begins = [i == 0 or word is None or word != encoding.word_ids[i - 1] for i, word in enumerate(encoding.word_ids)]
    start = 0
    while start < len(encoding.ids):
        end = min(start + longest, len(encoding.ids))
        if end < len(encoding.ids):
            end = next((i for i in range(end, start, -1) if begins[i]), end)
        yield [101, *encoding.ids[start:end], 102]
        start = end


def embed(session, ids):
    outputs = [o.name for o in session.get_outputs()]
    row = numpy.array([ids])
    all_inputs = {"input_ids": row, "attention_mask": numpy.ones_like(row), "token_type_ids": numpy.zeros_like(row)}
    got = session.run(None, {i.name: all_inputs[i.name] for i in session.get_inputs()})
    hidden = got[outputs.index("last_hidden_state")][0]
    out = {"cls": hidden[0], "mean": hidden.mean(axis=0)}
    if "pooler_output" in outputs:
        out["pooler"] = got[outputs.index("pooler_output")][0]
    return out


def main():
    model, vocabulary, longest = sys.argv[1], sys.argv[2], int(sys.argv[3])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=True)
    cases = []
    for text in TEXTS:
        vectors = [embed(session, ids) for ids in chunks(tokenizer, text, longest)]
        for pooling in vectors[0]:
            vector = numpy.mean([v[pooling] for v in vectors], axis=0)
            cases.append({"text": text, "pooling": pooling, "chunks": len(vectors), "vector": [round(float(x), 6) for x in vector]})
    print(json.dumps({"tokens": longest, "cases": cases}, indent=0))


main()
