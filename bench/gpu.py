#!/usr/bin/env python3
"""Pass tokens through experts on a GPU, forward and backward, here and in PyTorch.

    go test -tags gpu -c -o cuda.test ./core/kernel/cuda
    bench/gpu.py ./cuda.test [ROUNDS]

The two run in turns on the same device; figures are medians over the rounds. PyTorch
sorts the pairs of token and expert by expert once, multiplies group by group
(torch.nn.functional.grouped_mm for bf16, one product for each expert otherwise) and
gathers the outputs by the inverse of the sort. It is a plain form that was not tuned;
with grouped_mm the biases are gathered by index, and so are their gradients. In bf16 both keep weights, tokens and gradients in float32, as training does, and
cast within the pass. The measured rate is that of an 8192 x 8192 x 8192 product in PyTorch.
"""
import collections
import re
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

TOP = 4
LINE = re.compile(r"^BenchmarkExperts/(\w+)/(\d+)x(\d+)x(\d+)x(\d+)\S*\s+\d+\s+([\d.]+) ns/op")


def ours(binary):
    done = subprocess.run(
        [binary, "-test.run", "^$", "-test.bench", "Experts$", "-test.benchtime", "0.3s"],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    for line in done.stdout.splitlines():
        if found := LINE.match(line):
            yield found[1], tuple(int(n) for n in found.groups()[1:5]), float(found[6]) / 1e6


def seconds(work, least=0.3):
    def timed(repeat):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(repeat):
            work()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / repeat

    timed(2)
    return timed(max(3, int(least / timed(1))))


def numbers(*shape, scale=1.0):
    return (torch.randn(*shape, device="cuda") * scale).requires_grad_()


def grouped(x, w, b, expert, ends, sizes):
    if sizes is None:
        return F.grouped_mm(x, w, offs=ends) + b[expert]
    return torch.cat([torch.addmm(b[e], part, w[e]) for e, part in enumerate(x.split(sizes))])


def theirs(precision, rows, width, hidden, experts):
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    leaves = [numbers(rows, width), torch.empty(0)]
    for i, o in ((width, hidden), (hidden, width)):
        leaves += [numbers(experts, i, o, scale=0.02), numbers(experts, o, scale=0.02)]
    dy = numbers(rows, width).detach()
    best, chosen = torch.randn(rows, experts, device="cuda").topk(TOP)
    leaves[1] = best.softmax(1).requires_grad_()

    def work():
        x, gates, w1, b1, w2, b2 = (leaf.to(kind) for leaf in leaves)
        flat = chosen.flatten()
        order = flat.argsort(stable=True)
        expert, back = flat[order], order.argsort()
        counts = torch.bincount(flat, minlength=experts)
        ends = counts.cumsum(0).to(torch.int32)
        sizes = None if kind == torch.bfloat16 and hasattr(F, "grouped_mm") else counts.tolist()
        h = F.gelu(grouped(x[order // TOP], w1, b1, expert, ends, sizes))
        out = grouped(h, w2, b2, expert, ends, sizes)
        y = (out[back].view(rows, TOP, width) * gates.unsqueeze(2)).sum(1)
        torch.autograd.grad(y.float(), leaves, dy)

    return 1e3 * seconds(work)


def rate(precision, n=8192):
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    a, b = (numbers(n, n).detach().to(kind) for _ in range(2))
    return 2 * n**3 / seconds(lambda: a @ b) / 1e12


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__.strip())
    rounds = int(sys.argv[2]) if len(sys.argv) == 3 else 3
    mine, peers, rates = (collections.defaultdict(list) for _ in range(3))
    for _ in range(rounds):
        for precision, size, ms in ours(sys.argv[1]):
            mine[precision, size].append(ms)
        for precision, size in mine:
            try:
                peers[precision, size].append(theirs(precision, *size))
            except torch.OutOfMemoryError:
                peers[precision, size].append(float("nan"))
            torch.cuda.empty_cache()
        for precision in ("float32", "tf32", "bf16"):
            rates[precision].append(rate(precision))
    median = statistics.median
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, {rounds} rounds; measured rates: "
          + ", ".join(f"{p} {median(r):.0f} TFLOP/s" for p, r in rates.items()) + "\n")
    print("| precision | tokens | width | hidden | experts | fusemoe ms | TFLOP/s | of the rate | PyTorch ms | times |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (precision, size), ms in sorted(mine.items()):
        rows, width, hidden, _ = size
        own, peer = median(ms), median(peers[precision, size])
        speed = 12 * rows * TOP * width * hidden / own / 1e9
        print(f"| {precision} | " + " | ".join(str(n) for n in size)
              + f" | {own:.2f} | {speed:.1f} | {100 * speed / median(rates[precision]):.0f} % | {peer:.2f} | {peer / own:.2f} |")


if __name__ == "__main__":
    main()
