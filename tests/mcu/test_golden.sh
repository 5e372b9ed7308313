#!/usr/bin/env bash
# The kernels on an emulated Cortex-M: the library needs nothing but mem*, and gives the golden bytes.
# usage: test_golden.sh m4|m7|m55 SOURCE BUILD [HOST_RUNNER]
#   HOST_RUNNER  tests/kernels/run_model of the host: what it refuses, and nothing else, the core may refuse
set -euo pipefail
core=$1
source_dir=$2
build=$3/mcu/$core
host=${4:-}
shared=$source_dir/../shared/kernels
for tool in arm-none-eabi-gcc arm-none-eabi-nm qemu-system-arm cmake ninja python3; do
  command -v "$tool" >/dev/null || { echo "not run: $tool is missing (tools/setup.sh ci)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $1"
  exit 1
}

# --- the build
cmake -S "$source_dir/engine/kernels/mcu" -B "$build" -G Ninja --toolchain "$source_dir/cmake/cortex-m.cmake" \
  -DTL_CORE="$core" >"$work/cmake" 2>&1 || { tail -n 20 "$work/cmake"; fail "cmake"; }
cmake --build "$build" >"$work/build" 2>&1 || { tail -n 40 "$work/build"; fail "build"; }

# --- what the library wants from outside: mem* and helpers of the compiler, no C library, no heap
# foreign SYMBOLS: those of the list that are neither.
foreign() {
  grep -vE '^(mem(cpy|move|set|cmp)|__aeabi_(mem(cpy|move|set|clr)[48]?|[dfuil][a-z0-9]*)|__(gnu|clz|ctz|popcount|fix|float)[a-z0-9_]*)$' "$1" || true
}
library=$build/kernels/libtl_kernels.a
arm-none-eabi-nm -g --defined-only "$library" | awk 'NF == 3 {print $3}' | sort -u >"$work/defined"
arm-none-eabi-nm -u "$library" | awk 'NF == 2 {print $2}' | sort -u >"$work/wanted"
comm -13 "$work/defined" "$work/wanted" >"$work/outside"
grep -q '^memcpy$' "$work/outside" || fail "the list of symbols is not read: no memcpy in it"
printf 'malloc\nmemcpy\n__aeabi_dmul\nexpf\n__assert_func\n' >"$work/planted"
[ "$(foreign "$work/planted" | tr '\n' ' ')" = "malloc expf __assert_func " ] || fail "the symbol check does not judge"
[ -z "$(foreign "$work/outside")" ] || fail "the library needs more than mem*: $(foreign "$work/outside" | tr '\n' ' ')"
echo "$core: $(wc -l <"$work/outside") symbols from outside, all mem* or the compiler's: $(tr '\n' ' ' <"$work/outside")"

# --- the golden vectors
machine=$(sed -n "s/^set(TL_MACHINE_$core \(.*\))/\1/p" "$source_dir/engine/kernels/mcu/machine.cmake")
# run JOBS: the runner on the emulated board; its last line is the count.
run() {
  timeout 550 qemu-system-arm -M "$machine" -nographic -monitor none -serial none \
    -semihosting-config enable=on,target=native,arg=runner,arg="$1" -kernel "$build/runner.elf" >"$work/log" 2>&1
}
golden=$source_dir/tests/golden
for model in incubator-detector-int8 w1-synthetic-int8; do
  in_bytes=$(stat -c %s "$golden/$model.in.bin")
  echo "$source_dir/assets/models/$model.tflite $golden/$model.in.bin $golden/$model.out.bin independent 0 $((in_bytes / 64)) -"
done >"$work/jobs"
if [ -d "$shared" ]; then
  shared=$(cd "$shared" && pwd)
  python3 "$source_dir/tests/mcu/jobs.py" "$shared" ops >>"$work/jobs"
  python3 "$source_dir/tests/mcu/jobs.py" "$shared" models 8 2 >>"$work/jobs"
else
  echo "no golden tensors beside the project: only the models that come with it"
fi
status=0
run "$work/jobs" || status=$?
grep -v '^refused' "$work/log" || true
[ $status -eq 0 ] || fail "the runner's exit status is $status"
if [ -n "$host" ]; then
  cut -d ' ' -f 1 "$work/jobs" | while read -r model; do
    "$host" "$model" </dev/null >/dev/null 2>&1 || echo "$model"
  done >"$work/host_refuses"
  sed -n 's/^refused \(.*\.tflite\):.*/\1/p' "$work/log" >"$work/core_refuses"
  diff "$work/host_refuses" "$work/core_refuses" || fail "the core refuses other models than the host"
fi

# --- and it can fail: other bytes expected, a file that is not there, a line that is no job
expect_failure() {
  echo "$1" >"$work/planted"
  ! run "$work/planted" || fail "the runner passes: $1"
  grep -q "$2" "$work/log" || { cat "$work/log"; fail "the runner does not say '$2'"; }
}
detector=$source_dir/assets/models/incubator-detector-int8.tflite
in=$golden/incubator-detector-int8.in.bin
expect_failure "$detector $in $in independent 0 1 -" "case 0, byte 0: expected"
expect_failure "$detector $in $in independent 100000 1 -" "the case cannot be read"
expect_failure "$work/none.tflite $in $in independent 0 1 -" "cannot be read, or is too large"
expect_failure "$in $in $in independent 0 1 -" "refused"
expect_failure "$detector $in" "seven words wanted"
