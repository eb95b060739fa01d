#!/usr/bin/env python3
"""Makes a Markdown table of what `fusemoe compare --format json` prints: a row for each
further run, with its differences from the first one."""
import json
import sys

METRICS = ("auroc", "auprc")


def number(x, digits=3):
    return f"{x:+.{digits}f}".replace("-", "−")


def cell(m):
    low, high = m["ci95"]
    clear = "**" if low > 0 or high < 0 else ""
    return f"{m['b']:.3f} | {clear}{number(m['difference'])} [{number(low)}, {number(high)}]{clear}"


def main():
    runs = json.load(sys.stdin)
    print("| row |" + "".join(f" {m.upper()} | against the example |" for m in METRICS))
    print("| --- |" + " --- | --- |" * len(METRICS))
    first = runs[0]["metrics"]
    print("| the example |" + "".join(f" {first[m]['a']:.3f} | |" for m in METRICS))
    for run in runs:
        name = run["b"].removesuffix("/predictions.csv")
        print(f"| {name} |" + "".join(f" {cell(run['metrics'][m])} |" for m in METRICS))


main()
