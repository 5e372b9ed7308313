#!/usr/bin/env bash
# Front ends on an emulated Cortex-M: the same features as on the host, bit for bit.
# usage: test_features.sh m4|m7|m55 SOURCE BUILD RUN_FEATURES
set -euo pipefail
core=$1
source_dir=$2
build=$3/mcu/$core
for tool in arm-none-eabi-gcc qemu-system-arm cmake ninja; do
  command -v "$tool" >/dev/null || { echo "not run: $tool is missing (tools/setup.sh ci)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  tail -n 20 "$work/log"
  echo "FAILED: $1"
  exit 1
}
cmake -S "$source_dir/engine/kernels/mcu" -B "$build" -G Ninja --toolchain "$source_dir/cmake/cortex-m.cmake" \
  -DTL_CORE="$core" >"$work/log" 2>&1 || fail "cmake"
cmake --build "$build" --target features >"$work/log" 2>&1 || fail "build"
machine=$(sed -n "s/^set(TL_MACHINE_$core \(.*\))/\1/p" "$source_dir/engine/kernels/mcu/machine.cmake")
records=$source_dir/tests/golden/features.bin
timeout 300 qemu-system-arm -M "$machine" -nographic -monitor none -serial none \
  -semihosting-config enable=on,target=native,arg=features,arg="$records" \
  -kernel "$build/features.elf" >"$work/log" 2>&1 || fail "the core"
wanted=$("$4" "$records" | sed -n 's/.*\(hash [0-9a-f]*\)$/\1/p')
[ -n "$wanted" ] || fail "the host prints no hash"
grep -qx "$wanted" "$work/log" || fail "expected $wanted"
echo "$core: $wanted, as on the host"
cat "$work/log"
