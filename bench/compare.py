#!/usr/bin/env python3
"""Run `fusemoe bench` and the same work in PyTorch in turns, and compare medians.

    go build -o fusemoe ./cmd/fusemoe
    bench/compare.py ./fusemoe [ROUNDS]

Needs PyTorch (Debian: apt-get install python3-torch). GOMAXPROCS bounds the threads
of both. Each round runs both programs; figures are medians over the rounds. Processor
time, which counts all threads, is what a busy machine disturbs least. What follows is the
table of targets, each met or missed; for that the go command profiles a training step, and
growth is measured once.
"""
import collections
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys

import targets

PEER = pathlib.Path(__file__).with_name("peer.py")
RELEASED = " (released form)"


def run(*command):
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__.strip())
    rounds = int(sys.argv[2]) if len(sys.argv) == 3 else 5
    ours, peers = collections.defaultdict(list), collections.defaultdict(list)
    shares, loads = collections.defaultdict(list), [os.getloadavg()[0]]
    for done in range(1, rounds + 1):
        mine = run(sys.argv[1], "bench", "--json")
        workers = mine["machine"]["workers"]
        torch = run(sys.executable, PEER, str(workers))
        if workers > 1:
            torch["measurements"] += run(sys.executable, PEER, "1")["measurements"]
        for m in mine["measurements"]:
            ours[m["name"], m["workers"]].append(m)
            shares[m["name"], m["workers"]].append(m["share_of_peak"])
        for m in torch["measurements"]:
            peers[m["name"], m["workers"]].append(m)
        loads.append(os.getloadavg()[0])
        print(f"round {done} of {rounds}, load {loads[-1]:.1f}", file=sys.stderr)

    def middle(results, key):
        return statistics.median(m[key] for m in results)

    machine = mine["machine"]
    print(f"{machine['kernel']}, {machine['workers']} workers, {machine['go']}, PyTorch {torch['torch']}, "
          f"{rounds} rounds, load {min(loads):.1f} to {max(loads):.1f}\n")
    print("| work | workers | fusemoe ms | of peak | PyTorch ms | times | fusemoe cpu ms | PyTorch cpu ms | times |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (name, workers), results in ours.items():
        for suffix in ("", RELEASED):
            peer = peers.get((name + suffix, workers))
            if peer is None and suffix:
                continue
            cells = [name + suffix, str(workers), f"{1e3 * middle(results, 'seconds'):.2f}",
                     f"{100 * statistics.median(shares[name, workers]):.0f} %"]
            for key in ("seconds", "cpu_seconds"):
                mine_ms = 1e3 * middle(results, key)
                if key == "cpu_seconds":
                    cells.append(f"{mine_ms:.2f}")
                if peer is None:
                    cells += ["", ""]
                    continue
                peer_ms = 1e3 * middle(peer, key)
                cells += [f"{peer_ms:.2f}", f"{peer_ms / mine_ms:.2f}"]
            print("| " + " | ".join(cells) + " |")

    print("\n| target | found | |\n| --- | --- | --- |")
    seconds = {work: (middle(results, "seconds"), statistics.median(shares[work])) for work, results in ours.items()}
    peer_seconds = {work: middle(results, "seconds") for work, results in peers.items()}
    rows = [
        targets.kernels(seconds, peer_seconds, machine["workers"], RELEASED),
        targets.step(),
        targets.growth(run(sys.argv[1], "bench", "--growth", "--json")["growth"]),
    ]
    for line in itertools.chain(*rows):
        print(line, flush=True)


if __name__ == "__main__":
    main()
