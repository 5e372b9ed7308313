"""Makes copies of the peers that believe in a processor without AVX-512: python peers_avx2.py FOLDER SHIM.so

Each CPUID instruction of their libraries becomes UD2, which the preloaded shim (without_avx512.c) answers. Copies go
to FOLDER; run with PYTHONPATH=FOLDER LD_PRELOAD=SHIM.so. For measurements only.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path


def executable_sections(library):
    """(address, file offset, size) of what holds code."""
    text = subprocess.run(["readelf", "-SW", library], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+\S+\s+PROGBITS\s+(\w+)\s+(\w+)\s+(\w+)\s+\w+\s+(\w+)", line)
        if match and "X" in match.group(4):
            yield tuple(int(match.group(i), 16) for i in (1, 2, 3))


def patch(library):
    process = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], capture_output=True, text=True, check=True)
    data, count = bytearray(Path(library).read_bytes()), 0
    sections = list(executable_sections(library))
    for match in re.finditer(r"^\s*([0-9a-f]+):\s+cpuid\s*$", process.stdout, re.M):
        address = int(match.group(1), 16)
        for begin, offset, size in sections:
            if begin <= address < begin + size:
                at = offset + address - begin
                assert data[at:at + 2] == b"\x0f\xa2"
                data[at:at + 2] = b"\x0f\x0b"
                count += 1
    Path(library).write_bytes(data)
    return count


def main():
    folder, site = Path(sys.argv[1]), Path(next(p for p in sys.path if p.endswith("site-packages")))
    for package in ("ai_edge_litert", "onnxruntime"):
        if (folder / package).exists():
            continue
        partial = folder / (package + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(site / package, partial)
        for library in list(partial.rglob("*.so")):
            if library.stat().st_size > 100000:
                print(f"{library.name}: {patch(library)} CPUID", file=sys.stderr)
        partial.rename(folder / package)


if __name__ == "__main__":
    main()
