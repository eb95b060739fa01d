"""The targets of performance, each met or missed by what was measured."""
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A power that growth may reach and still be called linear: a doubling may cost 2.14 times,
# because medians scatter by a few per cent from size to size.
LINEAR = 1.1
# Few steps, and enough of them that what comes before the first step is no part of a profile.
FEW, MANY = 100, 1600
# The shares of a profile scatter by a point to either side, so the median of some counts.
PROFILES = 5
# What the peak of many steps may exceed that of few by, as the collector's timing decides:
# of some 90 MB, 5 KB for each of the 1500 more.
STEADY = 1.08


def row(target, found, met):
    return f"| {target} | {found} | {'met' if met else '**missed**'} |"


def kernels(ours, peers, workers, released):
    """Rows for products, experts and attention.

    ours and peers tell the median seconds by name and workers, ours the share of the peak
    besides.
    """
    product = next(name for name, _ in ours if name.startswith("matrix product"))
    share = min(ours[product, n][1] for n in (1, workers))
    yield row("matrix product at 75 % of the peak, on one worker and on all", f"{100 * share:.0f} %", share >= 0.75)
    if workers > 1:
        gain = ours[product, 1][0] / ours[product, workers][0]
        yield row(f"{workers} workers {0.9 * workers:.1f} times one", f"{gain:.2f}", gain >= 0.9 * workers)
    for name, n in ours:
        if not name.startswith(("experts", "irregular")):
            continue
        for suffix, factor in (("", 2), (released, 100)):
            if (name + suffix, n) not in peers:
                continue
            times = peers[name + suffix, n] / ours[name, n][0]
            found = f"{times:.2f}"
            if n > 1 and (name + suffix, 1) in peers:
                found += f"; {peers[name + suffix, 1] / ours[name, n][0]:.2f} times PyTorch on one thread"
            yield row(f"{name + suffix}: {factor} times PyTorch, on as many threads", found, times >= factor)


def step():
    """Rows for the training step: profiles of its benchmark, and the memory of few and many steps.

    Needs the go command.
    """
    with tempfile.TemporaryDirectory() as folder:
        binary, profile = os.path.join(folder, "model.test"), os.path.join(folder, "profile")
        subprocess.run(["go", "test", "-c", "-o", binary, "./core/model"], cwd=ROOT, check=True)
        # The program lets its heap grow by less than Go's default between two collections.
        program = (ROOT / "cmd/fusemoe/main.go").read_text()
        collector = os.environ.get("GOGC") or re.search(r"gcPercent = (\d+)", program)[1]

        def train(steps):
            """The peak memory of so many steps, and what the last collection left, in MB."""
            process = subprocess.Popen(
                [binary, "-test.run", "^$", "-test.bench", "TrainingStep" if steps else "none",
                 "-test.benchtime", f"{max(steps, 1)}x", "-test.cpuprofile", profile],
                cwd=folder, env={**os.environ, "GODEBUG": "gctrace=1", "GOGC": collector},
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            live = re.findall(r"->(\d+) MB, \d+ MB goal", process.stderr.read())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                raise SystemExit(f"the benchmark of a training step ended with {process.returncode}")
            return usage.ru_maxrss / 1000, float(live[-1]) if live else 0.0

        def share(focus, ignore):
            top = subprocess.run(
                ["go", "tool", "pprof", "-top", "-nodecount", "100000", "-nodefraction", "0",
                 "-focus", focus, "-ignore", ignore, binary, profile],
                check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            found = re.search(r"accounting for [^,]+, ([\d.]+)% of", top)
            return float(found[1]) if found else 0.0

        (own, _), (few, _) = train(0), train(FEW)
        peaks, shares = [], []
        for _ in range(PROFILES):
            peaks.append(train(MANY))
            shares.append((
                share(r"core/kernel\.", r"kernel\.spin"),
                share(r"kernel\.spin", "^$"),
                share(r"gorgonia|runtime\.(mallocgc|gcBgMarkWorker|bgsweep)", r"core/kernel\.")))
    many, kept = max(peaks)
    work, waits, rest = (statistics.median(column) for column in zip(*shares))
    scatter = f"{min(shares)[0]:.1f} to {max(shares)[0]:.1f} in {PROFILES} profiles"
    yield row("training step: 90 % of the time in kernels",
              f"{work:.1f} % ({scatter}), and {waits:.0f} % wait for another worker", work >= 90)
    yield row("training step: Gorgonia, allocation and collection below 5 %", f"{rest:.1f} %", rest < 5)
    yield row("memory does not grow with steps",
              f"{few:.0f} MB at the peak of {FEW} steps, {many:.0f} of {MANY}", many <= STEADY * few)
    yield row("peak memory of training within 1.5 times of what it keeps",
              f"{(many - own) / kept:.2f} times {kept:.0f} MB, beside {own:.0f} MB of the program",
              many - own <= 1.5 * kept)


def growth(measured):
    for g in measured:
        yield row(f"time linear in {g['of']}", f"grows as the power {g['exponent']:.2f}", g["exponent"] <= LINEAR)
