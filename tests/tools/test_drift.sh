#!/usr/bin/env bash
# twinloop drift: exit codes, documents, two files and one, and messages.
# usage: test_drift.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1

# series NAME SHIFT SEED UNIT SCALE ROWS: a CSV as export writes it; x shifts half-way by SHIFT, y never.
series() {
  python3 - "$@" <<'PY'
import random, sys
name, shift, seed, unit, scale, rows = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4], float(sys.argv[5]), int(sys.argv[6])
r = random.Random(seed)
with open(name, "w") as f:
    f.write(f"time_s,x[{unit}],y[1],fixed[1]\n")
    for i in range(rows):
        x = (10 + r.gauss(0, 1) + (shift if i >= rows // 2 else 0)) * scale
        f.write(f"{i},{x:.6f},{r.gauss(0, 1):.6f},3\n")
PY
}
series calm.csv 0 1 W 1 1200
series moved.csv 1.5 2 W 1 1200
series now.csv 0 3 kW 0.001 1000
series other.csv 0 3 degC 1 1000
series short.csv 0 4 W 1 12

tl 0 drift calm.csv; ok "nothing changed: exit 0"
grep -q "no drift seen: 0 of 3 signals" out && grep -q "Measured false-alarm rate of this verdict: .*; nominal 5 %" out; ok "the measured rate stands beside the verdict"
grep -q "constant tells nothing" out; ok "a constant says so"
tl 1 drift moved.csv --json d.json; ok "a shift: exit 1"
json d.json "d['schema'] == 'twinloop.drift/1' and d['drift'] and d['signals']['x']['drift'] and not d['signals']['y']['drift']"; ok "the signal that moved, and no other"
json d.json "all(d['signals']['x']['tests'][t]['alarm'] for t in ('psi', 'ks', 'wasserstein', 'cusum', 'adwin')) and d['signals']['x']['p_adjusted'] < 0.02"; ok "every test sees it"
json d.json "0 < d['signals']['x']['tests']['cusum']['delay_s'] < 200 and d['signals']['x']['tests']['cusum']['average_run_length'] > 100"; ok "CUSUM's delay and run length"
json d.json "all(m['tries'] > 0 and 0 <= m['low'] <= m['rate'] <= m['high'] and m['judged'] != 'above nominal' for m in d['measured'].values())"; ok "measured rates with their intervals"
json d.json "d['signals']['fixed']['status'] == 'constant' and d['signals']['fixed']['p_value'] is None"; ok "a constant has no p-value"
cp d.json first.json
tl 1 drift moved.csv --json d.json && cmp -s first.json d.json; ok "the same bytes again"
tl 1 drift moved.csv --json d.json --seed 2 --null-fleets 0 && json d.json "d['measured']['verdict'] == {'alarms': 0, 'tries': 0, 'rate': None, 'low': None, 'high': None, 'judged': 'not measured'}"; ok "without null fleets: not measured, no zero"
tl 0 drift moved.csv --signal y -q && grep -q "0 of 1 signals" out; ok "one signal"
tl 0 drift now.csv --reference calm.csv --null-fleets 20 --json - && json out "abs(d['signals']['x']['mean'][1] - 10) < 0.3 and d['signals']['x']['unit'] == 'W'"; ok "kW against W: converted"
tl 3 drift other.csv --reference calm.csv && grep -q "signal x is in W in the reference and in degC now: not one quantity" err; ok "another dimension is refused"
tl 0 drift short.csv && grep -q "too short" out; ok "too short: no verdict"
tl 4 drift calm.csv --signal z && grep -q "did you mean\|no signal\|z" err; ok "unknown signal"
tl 2 drift calm.csv --alpha 2 && grep -q -- "--alpha: '2' is not a number between 0 and 1" err; ok "alpha out of range"
tl 2 drift calm.csv --reference now.csv --split 0.2 && grep -q -- "--split parts one file" err; ok "--split with --reference"
tl 4 drift nowhere.h5; ok "no such file: exit 4"
finish
