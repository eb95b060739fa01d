#!/usr/bin/env python3
"""The work of `fusemoe bench` as one writes it in PyTorch, measured the same way.

    peer.py THREADS

Prints one JSON object: for each piece of work the median and best seconds of a run and
the median processor time.
"""
import json
import os
import statistics
import sys
import time

THREADS = int(sys.argv[1])
# The BLAS beneath PyTorch starts its threads when it is loaded, and does not heed
# torch.set_num_threads.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(THREADS)

import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

SECONDS = 2  # for each piece of work, as in fusemoe bench
LEAST_RUNS = 5


def measure(work):
    work()
    wall, cpu = [], []
    end = time.perf_counter() + SECONDS
    while len(wall) < LEAST_RUNS or time.perf_counter() < end:
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - wall_start)
        cpu.append(time.process_time() - cpu_start)
    return {
        "runs": len(wall),
        "seconds": statistics.median_low(wall),
        "best_seconds": min(wall),
        "cpu_seconds": statistics.median_low(cpu),
    }


def leaf(*shape):
    return (0.2 * torch.rand(*shape) - 0.1).requires_grad_()


def product(n):
    a, b = torch.rand(n, n), torch.rand(n, n)
    return lambda: a @ b


def experts(tokens, width, hidden, count, k):
    """A mixture with Laplace gates: a loop over the experts, each on the rows that chose it."""
    x, prototypes = leaf(tokens, width), leaf(count, width)
    w1 = [leaf(width, hidden) for _ in range(count)]
    b1 = [leaf(hidden) for _ in range(count)]
    w2 = [leaf(hidden, width) for _ in range(count)]
    b2 = [leaf(width) for _ in range(count)]
    leaves = [x, prototypes, *w1, *b1, *w2, *b2]
    dy = torch.rand(tokens, width)

    def run():
        for t in leaves:
            t.grad = None
        score, chosen = torch.topk(-torch.cdist(x, prototypes), k, dim=1)
        gates = torch.softmax(score, dim=1)
        y = torch.zeros(tokens, width)
        for e in range(count):
            rows, places = torch.where(chosen == e)
            if len(rows) == 0:
                continue
            hid = functional.gelu(torch.addmm(b1[e], x.index_select(0, rows), w1[e]))
            out = torch.addmm(b2[e], hid, w2[e])
            y = y.index_add(0, rows, out * gates[rows, places, None])
        y.backward(dy)

    return run


def attention(samples, rows, width, heads, steps, released):
    """Attention from irregular times to a grid, masked feature by feature.

    The released form repeats the scores for every feature; the other one takes the
    numerator and the denominator of the softmax from one product. Queries and keys
    are given: the projections are not counted.
    """
    per_head = 8
    query = leaf(1, heads, steps, per_head)
    key = leaf(samples, heads, rows, per_head)
    value = torch.rand(samples, rows, width)
    mask = (torch.rand(samples, rows, width) < 0.2).float()
    dy = torch.rand(samples, heads, steps, width)

    def by_feature(score):
        score = score[..., None].expand(-1, -1, -1, -1, width)
        score = score.masked_fill(mask[:, None, None] == 0, -1e4)
        return (torch.softmax(score, dim=3) * value[:, None, None]).sum(3)

    pairs = torch.cat([value * mask, mask], dim=2)[:, None]

    def in_two_products(score):
        weight = torch.exp(score - score.amax(3, keepdim=True))
        numerator, denominator = torch.matmul(weight, pairs).split(width, dim=3)
        return numerator / denominator.clamp_min(1e-20)

    attend = by_feature if released else in_two_products

    def run():
        query.grad = key.grad = None
        score = torch.matmul(query, key.transpose(2, 3)) * per_head**-0.5
        attend(score).backward(dy)

    return run


def main():
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    works = {
        "matrix product 2048³": lambda: product(2048),
        "experts: 3072 tokens, width 128": lambda: experts(3072, 128, 512, 16, 4),
        "experts: 3072 tokens, width 512": lambda: experts(3072, 512, 512, 16, 4),
        "experts: 96 tokens, width 512": lambda: experts(96, 512, 512, 16, 4),
        ATTENTION: lambda: attention(16, 200, 36, 8, 48, released=False),
        ATTENTION + " (released form)": lambda: attention(16, 200, 36, 8, 48, released=True),
    }
    results = [{"name": name, "workers": THREADS, **measure(build())} for name, build in works.items()]
    print(json.dumps({"torch": torch.__version__, "measurements": results}))


ATTENTION = "irregular attention: 16 x 200 times, 36 features"

if __name__ == "__main__":
    main()
