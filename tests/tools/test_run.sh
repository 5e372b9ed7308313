#!/usr/bin/env bash
# run, check, plan, inspect, diff, export, report, doctor, explain: exit codes, documents, and where things go.
# usage: test_run.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
small=$source_dir/tests/tools/small.lua
bad=$source_dir/tests/tools/bad

# --- a run and its documents
tl 0 run "$small" -o a --json a.json; ok "a run that holds exits 0"
[ -f a/run.json ] && [ -f a/telemetry.h5 ] && [ -f a/report.html ] && [ -f a/junit.xml ]; ok "the run folder is complete"
[ -f a/inputs/small.lua ] && [ -f a/inputs/twinloop/incubators.lua ]; ok "the scenario and its module are kept"
json a.json "d['schema'] == 'twinloop.run/1' and d['scenario'] == 'small' and d['seed'] == 5 and d['verdict'] == 'passed'"; ok "document: what ran"
json a.json "len(d['run_hash']) == 64 and all(c in '0123456789abcdef' for c in d['run_hash'])"; ok "document: run hash"
json a.json "d['device_steps'] == 300 * 2400 and d['simulated_s'] == 1200"; ok "document: steps and time"
json a.json "d['wall_s'] > 0 and d['cpu_s'] > 0 and abs(d['device_steps_per_s'] - d['device_steps'] / d['wall_s']) < 0.01 * d['device_steps_per_s']"; ok "document: clock"
json a.json "[set(t) >= {'name', 'observed', 'limit', 'margin', 'verdict'} for t in d['thresholds']] == [True, True] and d['files']"; ok "document: thresholds and files"
json a/run.json "d['run_hash'] == json.load(open('a.json'))['run_hash']"; ok "run.json names the same hash"
grep -q "run hash" out && ! grep -q "run hash" err; ok "results go to stdout"
tl 0 run "$small" -o b --json - ; ok "--json - works"
json out "d['verdict'] == 'passed'"; ok "--json -: stdout is one JSON document and nothing else"
grep -q "run hash" err; ok "--json -: the summary goes to stderr"
cmp -s a/telemetry.h5 b/telemetry.h5; ok "two runs write the same telemetry, byte for byte"
cmp -s a/report.html b/report.html && cmp -s a/junit.xml b/junit.xml; ok "two runs write the same report"
tl 0 run "$small" -o c -q && [ ! -s err ]; ok "-q says nothing on stderr"
tl 0 run "$small" -o c && grep -q "five minutes are over" err; ok "log lines go to stderr"
tl 0 run "$small" && [ -f runs/small-5/run.json ]; ok "the default folder is runs/SCENARIO-SEED"
tl 0 run "$small" --seed 9 -q && [ -f runs/small-9/run.json ]; ok "--seed names the folder too"
tl 0 run "$small" --set count=10 --set minutes=11 -o d --json d.json -q && json d.json "d['device_steps'] == 10 * 11 * 120"; ok "--set reaches the scenario"
tl 0 run "$small" -o e --verify -q && grep -q "every window equal" out; ok "--verify compares two runs"
for path in scalar sse avx2 vnni neon; do
  if "$PROGRAM" doctor --json - | grep -q "\"$path\"[],]"; then
    tl 0 run "$small" -o p --path $path --threads 1 --json p.json -q && json p.json "d['run_hash'] == json.load(open('a.json'))['run_hash']"; ok "path $path gives the same hash"
  else
    tl 3 run "$small" -o p --path $path -q; ok "path $path is refused here"
  fi
done
tl 0 run "$small" -o s --stepped --json s.json -q && json s.json "d['verdict'] == 'passed'"; ok "--stepped runs without maps"
for record in all sample events none; do
  tl 0 run "$small" -o r --record $record --json r.json -q && json r.json "d['run_hash'] == json.load(open('a.json'))['run_hash']"; ok "--record $record leaves the hash alone"
done
tl 0 run "$small" -o j --junit j.xml -q && cmp -s j.xml j/junit.xml; ok "--junit copies"

# --- exit codes
tl 1 run "$small" --set "limit=< 300 K" -o f --json f.json -q; ok "a missed threshold exits 1"
json f.json "d['verdict'] == 'failed' and [t['verdict'] for t in d['thresholds']].count('failed') == 1"; ok "and the document says which"
tl 2 run; ok "a missing argument exits 2"
tl 2 rnu x.lua && grep -q "did you mean 'run'" err; ok "a typo in the command exits 2 with a hint"
tl 2 run "$small" --thraeds 2 && grep -q "did you mean '--threads'" err; ok "a typo in an option exits 2 with a hint"
tl 2 run "$small" --threads 0; ok "a number out of range exits 2"
tl 2 run "$small" --flip nonsense; ok "a bad flip exits 2"
tl 3 run "$small" --set nothing=1 -o g; ok "a setting that the scenario does not ask for exits 3"
tl 4 run nothing.lua -o g; ok "a missing scenario exits 4"
tl 4 run "$small" -o /proc/nothing -q; ok "a folder that cannot be made exits 4"
for file in "$bad"/*.lua; do
  name=$(basename "$file" .lua)
  (cd "$bad" && "$PROGRAM" run "$name.lua" -o "$work/bad" -q) >out 2>err
  status=$?
  { echo "exit $status"; cat err; } >"$name.txt"
  diff -u "$bad/$name.txt" "$name.txt"; ok "message of bad/$name.lua"
done

# --- interrupts
"$PROGRAM" run "$small" --set minutes=100000 --set count=1000 -o i -q --json i.json >out 2>err &
pid=$!
sleep 1
kill -INT $pid
wait $pid
[ $? -eq 130 ]; ok "SIGINT exits 130"
json i.json "d['verdict'] == 'error' and 0 < d['simulated_s'] < 100000 * 60" ; ok "and the document is there"
tl 0 inspect i && grep -q "devices recorded" out; ok "and the run folder is readable"

# --- looking at a run
tl 0 check "$small" && grep -q "no fault found" out; ok "check finds nothing"
tl 0 plan "$small" --json plan.json && json plan.json "d['device_steps'] == 300 * 2400 and d['fleets'][0]['devices'] == 300"; ok "plan counts"
tl 0 inspect a && grep -q "box_K" out; ok "inspect shows the run"
tl 0 inspect a --device 299 --at 7min --json i.json && json i.json "d['device'] == 299 and d['time_s'] == 420 and 290 < d['columns']['box_K']['value'] < 320"; ok "inspect simulates a device again"
tl 2 inspect a --device 0 --at noon; ok "a bad time exits 2"
tl 3 inspect a --device 300; ok "a device that is not there is refused"
tl 4 inspect small.lua; ok "what is no run folder is refused"
tl 0 export a --csv -o a.csv && head -n 1 a.csv | grep -q "^time_s,device,.*box_K\[K\]"; ok "export writes CSV"
tl 0 run "$small" --set count=1 -o one -q && tl 0 export one --csv -o one.csv && tl 0 score one one.csv --json score.json; ok "score reads a run and a CSV file"
json score.json "d['channels']['box_K']['rmse'] == {'value': 0, 'unit': 'K', 'status': 'ok'}"; ok "a run compared with its own export has no error"
tl 0 report a -o copy.html && cmp -s copy.html a/report.html; ok "report copies the page"
tl 0 doctor --json doctor.json && json doctor.json "d['self_test']['equal'] and d['self_test']['cases'] >= 2 and 'scalar' in d['paths']"; ok "doctor proves determinism"
tl 0 explain TL0103 && grep -q "unknown name" out; ok "explain knows a code"
tl 2 explain TL9999; ok "explain refuses another"
tl 0 explain && [ "$(wc -l <out)" -ge 20 ]; ok "explain lists all"

# --- planted bits, found again
tl 0 diff a b --json diff.json && json diff.json "d['verdict'] == 'equal'"; ok "equal runs: exit 0"
tl 0 run "$small" -o flip --flip boxes:257:heater_K:3@7min -q; ok "a flipped bit runs"
tl 1 diff a flip --json diff.json; ok "different runs: exit 1"
json diff.json "(lambda f: f['fleet'] == 'boxes' and f['device'] == 257 and f['column'] == 'heater_K' and f['time_s'] == 420 and f['window'] == 42 and f['a'] != f['b'] and f['ulps'] == 8)(d['first'])"; ok "time, window, fleet, device, column and values are named"
tl 0 run "$small" -o flip --flip boxes:0:control.setpoint:0 --threads 1 -q && tl 1 diff flip a --json diff.json && json diff.json "d['first']['column'] == 'control.setpoint' and d['first']['device'] == 0 and d['first']['time_s'] == 0"; ok "a parameter's bit is named, not its effects"
sed -i 's/20)\*min/21)*min/' flip/inputs/small.lua
tl 2 diff flip a --json diff.json && json diff.json "d['first']['fleet'] == 'boxes' and d['first']['device'] is None and 'not the one that the run read' in d['unknown']"; ok "a side that cannot be made again: exit 2, with what is known"
tl 0 run "$small" -o long --set minutes=21 -q && tl 1 diff a long && grep -qi "windows" out; ok "a run that is the beginning of another differs"
tl 0 run "$small" -o more --set count=301 -q && tl 2 diff a more; ok "other fleets: cannot tell"

# --- output that goes nowhere
if [ -e /dev/full ]; then
  "$PROGRAM" explain >/dev/full 2>err
  [ $? -eq 4 ]; ok "a full stdout exits 4"
  tl 4 run "$small" -o a2 --json /dev/full -q; ok "a full document exits 4"
fi
(ulimit -f 300; "$PROGRAM" run "$small" --set minutes=600 --record all -o full -q >out 2>err)
[ $? -eq 4 ] && grep -q "TL0020" err; ok "a full disk while recording exits 4"
tl 0 inspect full; ok "and what was recorded stays readable"

# --- quick, and quiet about colours
begin=$(date +%s%N)
tl 0 --help
took=$((($(date +%s%N) - begin) / 1000000))
[ $took -le 200 ]; ok "--help takes $took ms (50 on a quiet machine)"
# --- the shipped detector's card names the data that this engine still makes
tl 0 run "$source_dir/tools/models/detector_training.lua" -o training -q --record none --json training.json
card=$source_dir/assets/models/incubator-detector-int8.md
grep -q "run hash \`$(sed -n 's/.*"run_hash": *"\([0-9a-f]*\)".*/\1/p' training.json)\`" "$card"; ok "the detector's training data are those of its card"
grep -q "$(sha256sum "${card%.md}.tflite" | cut -d' ' -f1)" "$card"; ok "the detector's file is that of its card"

# --- a detector with versions, a board and a battery
tl 0 run "$source_dir/tests/tools/waves.lua" -o waves -q; ok "two versions of a model run in one fleet"
tl 0 run "$source_dir/tests/tools/waves.lua" -o waves2 -q --threads 1 --path scalar --json w.json && json w.json "d['run_hash'] == json.load(open('waves/run.json'))['run_hash']"; ok "with one hash"
tl 0 run "$source_dir/tests/tools/waves.lua" -o waves3; grep -q 'detector.inference_J max .*, modelled +-54 % (nucleo-l4r5zi-tflm))' out && ! grep -q 'version max.*modelled' out; ok "a figure of a board's profile is called modelled, with its error"
json waves/run.json "[t['modelled'] and t['modelled']['board'] for t in d['thresholds']] == ['nucleo-l4r5zi-tflm', 'nucleo-l4r5zi-tflm', None] and all(0.5 < t['modelled']['error_ratio'] < 0.6 for t in d['thresholds'][:2])"; ok "run.json: in its threshold"
json waves/run.json "sorted(d['fleets'][0]['modelled']) == ['detector.charge_C', 'detector.duty', 'detector.inference_J', 'detector.state_of_charge']"; ok "run.json: by column"
json waves/run.json "any(f['kind'] == 'board' and f['name'] == 'nucleo-l4r5zi-tflm.json' for f in d['inputs'])" && [ -f waves/inputs/nucleo-l4r5zi-tflm.json ]; ok "a run is a function of its board's profile too"
[ "$(grep -c 'modelled +-' waves/report.html)" -ge 6 ] && grep -q 'boxes.detector.charge_C: modelled +-54 % (nucleo-l4r5zi-tflm)' waves/report.html; ok "the page: beside thresholds and columns"
grep -q 'modelled +-54 %' waves/junit.xml; ok "JUnit"
tl 0 inspect waves --device 3 --at 10min --json i.json; grep -q 'detector.charge_C .* modelled +-54 % (nucleo-l4r5zi-tflm)' out && ! grep 'capacity_C' out | grep -q modelled; ok "inspect: beside a device's columns"
json i.json "d['columns']['detector.duty']['modelled']['board'] == 'nucleo-l4r5zi-tflm' and d['columns']['box_K']['modelled'] is None"; ok "inspect --json"
tl 3 run "$source_dir/tests/tools/waves.lua" -q --set wrong=battery; grep -q "'battery' needs 'board'" err; ok "a battery needs a board"
tl 3 run "$source_dir/tests/tools/waves.lua" -q --set wrong=personality; grep -q "did you mean 'CONV_2D'" err; ok "a misspelt operator of a personality gets a hint"
tl 3 run "$source_dir/tests/tools/waves.lua" -q --set wrong=board; grep -q "no board profile 'nucleo-l4r5zi-tflmm'; there are: .*disco-f746ng-hale, " err && grep -q "did you mean 'nucleo-l4r5zi-tflm'" err; ok "an unknown board is named, with the nearest and all that there are"
tl 3 run "$source_dir/tests/tools/waves.lua" -q -o computed --flip boxes:3:power_W:5@20min; grep -q "power_W is computed from the others" err && [ ! -e computed ]; ok "a flip of a computed column is refused before anything runs"
tl 3 run "$source_dir/tests/tools/waves.lua" -q -o computed --flip boxes:3:detector.alarm:9; grep -q "detector.alarm has 8 bits" err && [ ! -e computed ]; ok "and a bit that a column has not"

# --- a bit of a window: its slots lie apart in memory, and the values must be those of the device all the same
fleet=$source_dir/scenarios/2_orchestration/incubator_fleet.lua
tl 1 run "$fleet" --set count=60 -o wa -q; tl 1 run "$fleet" --set count=60 -o wb -q --flip incubators:37:detector.window_3:5@20min
tl 1 diff wa wb --json w.json; json w.json "d['first']['device'] == 37 and d['first']['column'] == 'detector.window_3' and abs(d['first']['a'] - d['first']['b']) == 32"; ok "a flipped bit of a window is named with its values"

# --- waiting threads: gcc's library prints its settings when asked; clang's has another name for them
env -u GOMP_SPINCOUNT -u OMP_WAIT_POLICY OMP_DISPLAY_ENV=verbose "$PROGRAM" --version >out 2>err
if grep -q GOMP_SPINCOUNT err; then
  grep -q "GOMP_SPINCOUNT = '10000'" err; ok "threads wait a little, then sleep"
  GOMP_SPINCOUNT=77 OMP_DISPLAY_ENV=verbose "$PROGRAM" --version >out 2>err
  grep -q "GOMP_SPINCOUNT = '77'" err; ok "a user's own setting stands"
fi
tl 3 run "$bad/unknown_name.lua" --color always; grep -q $'\033' err; ok "--color always colours"
tl 3 run "$bad/unknown_name.lua"; ! grep -q $'\033' err; ok "no colour in a file"
finish
