# support.sh: what the command-line tests share. Sourced with: PROGRAM, a fresh $work folder, in which they run.
# shellcheck disable=SC2154 # $work is of the script that sources this
# shellcheck shell=bash
set -uo pipefail
cases=0
failures=0

# ok WHAT: the last command's status says whether the case held.
ok() {
  local status=$?
  cases=$((cases + 1))
  if [ $status -ne 0 ]; then
    failures=$((failures + 1))
    echo "FAILED: $1"
    [ ! -s "$work/out" ] || sed 's/^/  out: /' "$work/out" | head -n 20
    [ ! -s "$work/err" ] || sed 's/^/  err: /' "$work/err" | head -n 20
  fi
}

# tl STATUS ARGUMENTS...: runs the program, true when it exits with STATUS; output in $work/out and $work/err.
tl() {
  local expected=$1 status=0
  shift
  "$PROGRAM" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  [ "$status" -eq "$expected" ] || { echo "exit $status, expected $expected: twinloop $*"; return 1; }
}

# json FILE EXPRESSION: true when the Python expression over `d` is.
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(0 if eval(sys.argv[2]) else 1)' "$1" "$2"; }

finish() {
  if [ $failures -gt 0 ]; then
    echo "$failures of $cases cases failed"
    exit 1
  fi
  echo "$cases cases passed"
}
