#!/usr/bin/env python3
"""Time epochs of one training by two builds of fusemoe in turns, and compare medians.

    bench/epoch.py BEFORE NOW CONFIG DATA [ROUNDS]

BEFORE and NOW are programs, CONFIG is one that both read, DATA a dataset folder. In each
round both train one seed for three epochs; the first, which builds the graph, is not
counted. An epoch is training and validation together. Printed are medians of wall-clock
and processor time, which a busy machine disturbs least, the score on the validation split
and the peak memory of the whole run, encoding and evaluation included.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

EPOCHS = 3
POLL = 0.005  # seconds
TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """User and system time of a process so far, all threads together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def train(program, config, data):
    """The seconds of each epoch but the first, their processor time, the score, the peak in MB."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "run")
        process = subprocess.Popen(
            [program, "run", config, "--data", data, "--out", out, "--seeds", "42",
             "--set", f"train.epochs={EPOCHS}", "--log-level", "error"],
            stdout=subprocess.DEVNULL)
        log, ends = out / "training.jsonl", []
        while (done := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if len(ends) < EPOCHS and log.exists() and log.read_bytes().count(b"\n") > len(ends):
                ends.append((time.perf_counter(), processor_seconds(process.pid)))
            time.sleep(POLL)
        process.returncode = os.waitstatus_to_exitcode(done[1])
        if process.returncode != 0 or len(ends) != EPOCHS:
            sys.exit(f"{program}: exit status {process.returncode} after {len(ends)} epochs of {EPOCHS}")
        score = json.loads(log.read_text().splitlines()[-1])["score"]
    wall, cpu = ([after[i] - before[i] for before, after in zip(ends, ends[1:])] for i in (0, 1))
    return wall, cpu, score, done[2].ru_maxrss / 1000


def main():
    if not 5 <= len(sys.argv) <= 6:
        sys.exit(__doc__.strip())
    programs, (config, data) = sys.argv[1:3], sys.argv[3:5]
    rounds = int(sys.argv[5]) if len(sys.argv) == 6 else 3
    results = [[], []]
    for done in range(1, rounds + 1):
        for program, list_of in zip(programs, results):
            list_of.append(train(program, config, data))
        print(f"round {done} of {rounds}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)

    def middle(runs, key):
        return statistics.median(seconds for run in runs for seconds in run[key])

    print("| program | epoch s | cpu s | score | peak MB |\n| --- | --- | --- | --- | --- |")
    for name, runs in zip(("before", "now"), results):
        print(f"| {name} | {middle(runs, 0):.2f} | {middle(runs, 1):.2f} | {runs[-1][2]:.6f} "
              f"| {max(run[3] for run in runs):.0f} |")
    wall, cpu = (middle(results[0], key) / middle(results[1], key) for key in (0, 1))
    memory = max(run[3] for run in results[1])
    print(f"\nepoch {wall:.2f} times as fast, {cpu:.2f} by processor time (target 4): "
          f"{'met' if wall >= 4 else 'missed'}\n"
          f"peak of {memory:.0f} MB (target below 1500): {'met' if memory < 1500 else 'missed'}")


if __name__ == "__main__":
    main()
