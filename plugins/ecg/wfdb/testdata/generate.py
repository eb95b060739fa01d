"""Writes python.json: what the Python package wfdb reads from the records beside this file and from
wfdb-samples, as lengths, first and last samples, and hashes. Also writes the record `variable`.

    pip install wfdb==4.3.1 pandas==2.3.3
    python generate.py ../../../../../shared/data/wfdb-samples
"""

import glob
import hashlib
import json
import os
import sys

import numpy as np
import wfdb

here = os.path.dirname(os.path.abspath(__file__))


def write_variable():
    """A record of variable layout: a gap, a lead that not all segments have, and one whose gain changes."""
    t = np.arange(300)
    wave = np.round(100 * np.sin(t / 7)).astype(int)
    segment = dict(fs=250, fmt=["16", "16"], units=["mV", "mV"], write_dir=here)
    wfdb.wrsamp("variable_1", sig_name=["I", "II"], d_signal=np.stack([wave, wave // 2], 1),
                adc_gain=[200, 200], baseline=[0, 0], **segment)
    wfdb.wrsamp("variable_2", sig_name=["V5", "II"], d_signal=np.stack([-wave, wave // 3], 1)[:200],
                adc_gain=[100, 400], baseline=[10, -20], **segment)
    with open(os.path.join(here, "variable_layout.hea"), "w") as f:
        f.write("variable_layout 3 250 0\n~ 0 200/mV 0 0 0 0 0 I\n~ 0 200/mV 0 0 0 0 0 II\n~ 0 100/mV 0 0 0 0 0 V5\n")
    with open(os.path.join(here, "variable.hea"), "w") as f:
        f.write("variable/4 3 250 600\nvariable_layout 0\nvariable_1 300\n~ 100\nvariable_2 200\n")


def digest(array, kind):
    return hashlib.sha256(np.ascontiguousarray(array, dtype=kind).tobytes()).hexdigest()


def physical(array):
    array = np.asarray(array, dtype="<f8")
    return {"length": len(array), "sha256": digest(np.where(np.isnan(array), np.inf, array), "<f8")}


def digital(array):
    return {"length": len(array), "first": [int(x) for x in array[:4]], "last": [int(x) for x in array[-4:]],
            "sha256": digest(array, "<i4")}


def signals(path, want_physical):
    """One array a signal. Several samples a frame are kept apart; without them the frames are the samples."""
    header = wfdb.rdheader(path, rd_segments=True)
    first = next(s for s in header.segments if s) if hasattr(header, "segments") else header
    several = any((n or 1) > 1 for n in first.samps_per_frame)
    r = wfdb.rdrecord(path, physical=want_physical, smooth_frames=not several)
    if several:
        return r, (r.e_p_signal if want_physical else r.e_d_signal)
    return r, list((r.p_signal if want_physical else r.d_signal).T)


def describe(path):
    record, analogue = signals(path, True)
    out = {"frames": record.sig_len, "frequency": record.fs, "names": record.sig_name,
           "comments": record.comments, "physical": [physical(x) for x in analogue]}
    for key in ("fmt", "units", "adc_gain", "baseline"):
        if getattr(record, key, None) is not None:
            out[key] = getattr(record, key)
    if os.path.basename(path) != "variable":  # its gains differ: Python refuses the digital values
        out["digital"] = [digital(x) for x in signals(path, False)[1]]
    return out


write_variable()
records = {}
for folder in (here, sys.argv[1]):
    for header in sorted(glob.glob(os.path.join(folder, "*.hea"))):
        name = os.path.basename(header)[:-4]
        if name in records or name == "variable_layout":
            continue
        try:
            records[name] = describe(header[:-4])
        except FileNotFoundError:
            print("no signal file:", name)
with open(os.path.join(here, "python.json"), "w") as f:
    f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(records.items())) + "\n}\n")
