#!/usr/bin/env bash
# One run hash a scenario, whatever runs it. Each case is a fresh process whose hash must be the one pinned in
# tests/golden/hashes.txt (name, settings, hash). A row that ends in "large" runs over thread counts alone: on a slow
# path, unoptimised or emulated it would take an hour.
#   determinism.sh                      full matrix of the release build: threads, paths, telemetry, 20 processes;
#                                       then builds gcc and clang at -O0, -O2, -O3 and runs each
#   determinism.sh --reduced            the same with fewer cases, for every change
#   determinism.sh --program "CMD"      that program only (an emulator and a binary, say): one run a scenario
#   determinism.sh --pin                writes tests/golden/hashes.txt anew: only when a change of bits is meant
# --name NAME stands in messages. Needs build/release/twinloop unless --program is given.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
golden=$root/tests/golden/hashes.txt
program=$root/build/release/twinloop
name=release
mode=full
while [ $# -gt 0 ]; do
  case $1 in
  --reduced) mode=reduced ;;
  --pin) mode=pin ;;
  --program) mode=one; program=$2; shift ;;
  --build) program=$2/twinloop; shift ;;
  --name) name=$2; shift ;;
  *) echo "determinism.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cases=0
extra=0 # of these, cases of paths that not every processor has: counted apart, so that the count says what every machine ran
wrong=0

# run_hash SCENARIO SETTINGS OPTIONS...: runs it with $program and prints its hash.
run_hash() {
  local scenario=$1 settings=$2 setting
  shift 2
  local command=() options=()
  read -r -a command <<<"$program"
  if [ "$settings" != - ]; then
    IFS=, read -r -a list <<<"$settings"
    for setting in "${list[@]}"; do options+=(--set "$setting"); done
  fi
  rm -rf "$work/run"
  (cd "$root" && "${command[@]}" run "$scenario" "${options[@]}" -o "$work/run" -q --json "$work/run.json" "$@") \
    >"$work/out" 2>&1 || [ $? -le 1 ] || { cat "$work/out" >&2; echo "failed"; return; }
  sed -n 's/.*"run_hash": *"\([0-9a-f]*\)".*/\1/p' "$work/run.json"
}

if [ "$mode" = pin ]; then
  while read -r scenario settings _ size; do
    case $scenario in '#'* | '') continue ;; esac
    echo "$scenario $settings $(run_hash "$scenario" "$settings" --threads 1)${size:+ $size}"
  done <"$golden" >"$work/new"
  { grep '^#' "$golden"; cat "$work/new"; } >"$work/all"
  cp "$work/all" "$golden"
  cat "$golden"
  exit 0
fi

# check WHAT OPTIONS...: every pinned scenario with these options.
check() {
  local what=$1 scenario settings expected size got
  shift
  while read -r scenario settings expected size; do
    case $scenario in '#'* | '') continue ;; esac
    [ "$size" != large ] || [[ $what == *" threads" ]] || continue
    got=$(run_hash "$scenario" "$settings" "$@")
    cases=$((cases + 1))
    if [ "$got" != "$expected" ]; then
      echo "WRONG: $name, $what: $scenario $settings"
      echo "  pinned $expected"
      echo "  got    $got"
      wrong=$((wrong + 1))
    fi
  done <"$golden"
}

has_path() {
  local command=()
  read -r -a command <<<"$program"
  "${command[@]}" doctor --json - 2>/dev/null | grep -q "\"$1\"[],]"
}

# A plain build, with nobody's build type: the bits must come from the targets' own flags.
build_with() {
  CC=$1 cmake -S "$root" -B "$root/build/matrix-$name" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$2" \
    -DTL_VIEWER=OFF || return 1
  cmake --build "$root/build/matrix-$name" --target twinloop
}

case $mode in
one) check "default" --threads 2 ;;
reduced | full)
  threads="1 2 3 7"
  processes=20
  [ $mode = full ] || { threads="1 3"; processes=3; }
  for count in $threads; do check "$count threads" --threads "$count"; done
  for path in scalar sse avx2 vnni neon; do
    if ! has_path $path; then echo "path $path: not run (this processor has it not)"; continue; fi
    before=$cases
    check "path $path" --path $path
    case $path in scalar | sse) ;; *) extra=$((extra + cases - before)) ;; esac
  done
  for record in all none; do check "telemetry $record" --record $record; done
  check "stepped twice" --verify
  for ((process = 1; process <= processes; process++)); do check "process $process" --threads 2; done
  compilers="gcc clang"
  levels="-O0 -O2 -O3"
  [ $mode = full ] || levels="-O0"
  for compiler in $compilers; do
    command -v "$compiler" >/dev/null || { echo "$compiler: not run (it is not installed)"; continue; }
    for level in $levels; do
      name=$compiler$level
      build_with "$compiler" "$level" >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log"; exit 1; }
      program=$root/build/matrix-$name/twinloop
      check "$name" --threads 2
    done
  done
  ;;
esac
echo "determinism $name: $cases cases, $wrong wrong"
[ $wrong -eq 0 ] || exit 1
[ $extra -eq 0 ] || echo "determinism: and $extra more on paths of this processor"
echo "determinism: $((cases - extra)) cases passed"
