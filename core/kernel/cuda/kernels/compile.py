#!/usr/bin/env python3
"""Compiles the kernels to PTX, which the driver turns into code for the device at hand.

    compile.py [--check]

Needs NVRTC and no device: pip install nvidia-cuda-nvrtc-cu11==11.8.89. That version is
old on purpose: drivers since 520 read its PTX. With --check nothing is written, and the
exit status tells whether the committed files are what the sources give.
"""
import ctypes
import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
OPTIONS = [b"--gpu-architecture=compute_80", b"--std=c++14", b"--fmad=true"]
HEADERS = sorted(HERE.glob("*.cuh"))


def nvrtc():
    spec = importlib.util.find_spec("nvidia.cuda_nvrtc")
    if spec is None:
        sys.exit("NVRTC is missing: pip install nvidia-cuda-nvrtc-cu11==11.8.89")
    folder = pathlib.Path(spec.submodule_search_locations[0]) / "lib"
    ctypes.CDLL(str(next(folder.glob("libnvrtc-builtins.so.11*"))), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(folder / "libnvrtc.so.11.2"))


def compile_one(lib, path):
    program = ctypes.c_void_p()
    strings = ctypes.c_char_p * len(HEADERS)
    lib.nvrtcCreateProgram(
        ctypes.byref(program), path.read_bytes(), path.name.encode(), len(HEADERS),
        strings(*(h.read_bytes() for h in HEADERS)), strings(*(h.name.encode() for h in HEADERS)),
    )
    failed = lib.nvrtcCompileProgram(program, len(OPTIONS), (ctypes.c_char_p * len(OPTIONS))(*OPTIONS))
    size = ctypes.c_size_t()
    if failed:
        lib.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        lib.nvrtcGetProgramLog(program, log)
        sys.exit(log.value.decode())
    lib.nvrtcGetPTXSize(program, ctypes.byref(size))
    ptx = ctypes.create_string_buffer(size.value)
    lib.nvrtcGetPTX(program, ptx)
    return ptx.value


def main():
    check = sys.argv[1:] == ["--check"]
    lib = nvrtc()
    stale = []
    for path in sorted(HERE.glob("*.cu")):
        ptx, target = compile_one(lib, path), path.with_suffix(".ptx")
        if check and (not target.exists() or target.read_bytes() != ptx):
            stale.append(target.name)
        elif not check:
            target.write_bytes(ptx)
    if stale:
        sys.exit(f"not what the sources give; run compile.py: {', '.join(stale)}")


if __name__ == "__main__":
    main()
