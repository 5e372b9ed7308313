#!/usr/bin/env bash
# The 64-bit ARM build, run under user-mode emulation: its run hashes are those that every other build pins.
# Libraries come from `.ci/aarch64 sysroot`, which also says when they, the compiler or the emulator cannot be had;
# `.ci/aarch64` alone runs the engine's tests too, which takes longer.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/arm
sysroot=$root/build/aarch64/sysroot
mkdir -p "$work"
"$root/.ci/aarch64" sysroot
if ! command -v qemu-aarch64 >/dev/null || [ ! -d "$sysroot/usr/lib/aarch64-linux-gnu" ]; then
  echo "arm: not run"
  exit 0
fi

export TL_AARCH64_SYSROOT=$sysroot
cmake -S "$root" -B "$work/build" -G Ninja --toolchain "$root/cmake/aarch64.cmake" -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_TESTING=OFF >"$work/cmake.log" 2>&1 || { tail -n 20 "$work/cmake.log"; exit 1; }
cmake --build "$work/build" --target twinloop

libraries=$sysroot/usr/lib/aarch64-linux-gnu:$sysroot/lib/aarch64-linux-gnu
"$root/tests/determinism.sh" --name arm --program "qemu-aarch64 -E LD_LIBRARY_PATH=$libraries -L $sysroot $work/build/twinloop"
