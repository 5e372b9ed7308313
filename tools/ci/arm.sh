#!/usr/bin/env bash
# The 64-bit ARM build, run under user-mode emulation: its run hashes are those that every other build pins.
# The ARM libraries are unpacked into a folder of their own; installing them beside the host's would remove those.
# usage: arm.sh [FOLDER]   (default build/arm; the unpacked libraries are kept there)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(realpath -m "${1:-$root/build/arm}")
sysroot=$work/sysroot
for tool in aarch64-linux-gnu-gcc qemu-aarch64 apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "arm: not run: $tool is missing"; exit 0; }
done

if [ ! -f "$sysroot/.complete" ]; then
  mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$sysroot"
  : >"$work/apt/status" # nothing is installed there, so everything is downloaded
  apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$work/apt/state"
    -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root
    -o Debug::NoLocking=1)
  "${apt[@]}" update || { echo "arm: not run: no package list for arm64"; exit 0; }
  "${apt[@]}" install -y --no-install-recommends --download-only libhdf5-dev liblua5.4-dev libxxhash-dev libssl-dev \
    libjansson-dev zlib1g-dev libdeflate-dev libgomp1 || { echo "arm: not run: packages cannot be had"; exit 0; }
  for package in "$work"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  touch "$sysroot/.complete"
fi

export TL_AARCH64_SYSROOT=$sysroot
cmake -S "$root" -B "$work/build" -G Ninja --toolchain "$root/cmake/aarch64.cmake" -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_TESTING=OFF >"$work/cmake.log" 2>&1 || { tail -n 20 "$work/cmake.log"; exit 1; }
cmake --build "$work/build" --target twinloop

libraries=$sysroot/usr/lib/aarch64-linux-gnu:$sysroot/lib/aarch64-linux-gnu
"$root/tests/determinism.sh" --name arm --program "qemu-aarch64 -E LD_LIBRARY_PATH=$libraries -L $sysroot $work/build/twinloop"
