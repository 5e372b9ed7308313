#!/usr/bin/env bash
# How runs end: the document of a run that never began, fail(), abort, interrupts; and planted bits that vanish before
# the first digest.
# usage: test_ends.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
small=$source_dir/tests/tools/small.lua
few="--set count=20 --set minutes=11 -q"

# --- an error before time passes still writes what was asked for
cp "$source_dir/tests/tools/bad/unknown_name.lua" .
tl 3 run unknown_name.lua --json e.json --junit e.xml; ok "unknown name: exit 3"
json e.json "d['schema'] == 'twinloop.run/1' and d['verdict'] == 'error' and d['code'] == 'TL0103' and 'unknown name' in d['message'] and d['where'].startswith('unknown_name.lua:') and d['scenario'] == 'unknown_name'"; ok "its document: verdict, code, message, where"
json e.json "d['run_hash'] is None and d['seed'] is None and d['thresholds'] == [] and d['fleets'] == [] and d['simulated_s'] == 0"; ok "its document: what is not known is null or empty"
python3 -c 'import sys, xml.etree.ElementTree as x; r = x.parse("e.xml").getroot(); sys.exit(0 if r.get("errors") == "1" and r.find(".//error").get("type") == "TL0103" else 1)'; ok "its JUnit file: one error"
[ ! -d runs ]; ok "and no run folder"
tl 3 run unknown_name.lua --json - && json out "d['code'] == 'TL0103'"; ok "--json - too"
grep -q "TL0103" err && grep -q "simulated time 00:00:00, in the main chunk" err; ok "the message goes to stderr, with its phase"
tl 4 run nothing.lua --json e.json --seed 3 && json e.json "d['code'] == 'TL0020' and d['scenario'] == 'nothing' and d['where'] == '' and d['seed'] == 3"; ok "missing scenario: a document, exit 4"
! grep -q "simulated time" err; ok "a missing file has no simulated time"
tl 2 run "$small" --threads x --json e.json && json e.json "d['code'] == 'TL0001'" && ! grep -q "simulated time" err; ok "a bad option: a document, no simulated time"
tl 3 run "$small" --set nothing=1 --json - && json out "d['verdict'] == 'error' and d['code'] == 'TL0103'"; ok "a setting nobody asks for: a document"
tl 4 run "$small" -o /proc/nothing -q --json - && json out "d['verdict'] == 'error' and d['seed'] == 5 and d['fleets'][0]['devices'] == 300"; ok "a folder that cannot be made: a document that knows the scenario"

# --- fail(): the scenario's own verdict
cat >fails.lua <<'L'
scenario { title = "Fails", duration = 10*min, sync = 10*s, seed = 3 }
local fleet = devices "boxes" { twin = "incubator", count = 3 }
thresholds { ["box_K max"] = { "< 400 K" }, ["heater_K max"] = { "< 400 K", after = 5*min } }
run(function() wait(setting("wait", 2)*min) fail "the faulty model passed every gate" end)
L
sed -i 's/run(function() wait(setting("wait", 2)\*min)/local pause = setting("wait", 2)*min\nrun(function() wait(pause)/' fails.lua
tl 1 run fails.lua -o fails --json f.json --junit f.xml; ok "fail() exits 1"
json f.json "d['verdict'] == 'failed' and d['code'] == 'TL0109' and d['message'] == 'the faulty model passed every gate' and d['where'] == 'fails.lua:5' and d['simulated_s'] == 120"; ok "its document: failed, with the reason and the line"
json f.json "[(t['name'], t['verdict'], t['message']) for t in d['thresholds']] == [('box_K max', 'passed', ''), ('heater_K max', 'error', 'not judged: the run ended at 00:02:00')]"; ok "a threshold whose time never came is not judged"
python3 -c 'import sys, xml.etree.ElementTree as x; r = x.parse("f.xml").getroot(); s = r.find("testsuite"); f = r.findall(".//failure"); sys.exit(0 if (r.get("failures"), r.get("errors"), s.get("skipped")) == ("1", "0", "1") and len(f) == 1 and "passed every gate" in f[0].get("message") else 1)'; ok "its JUnit file: one failure with the reason, one skipped"
grep -q "passed every gate" fails/report.html && grep -q 'class="failed"' fails/report.html && grep -q "NOT JUDGED" fails/report.html; ok "its report: failed, with the reason"
grep -q "^failed (scenario called fail()): 1 of 2 thresholds held" out && grep -q -- "-  *heater_K max  *not judged" out; ok "its summary"
tl 1 run fails.lua --set wait=0 -o zero --json f.json && ! grep -q "run hash" out; ok "a run that ends at time 0 prints no hash"
json f.json "d['run_hash'] is None and d['simulated_s'] == 0 and d['fleets'] == [{'name': 'boxes', 'twin': 'incubator', 'devices': 3, 'modelled': {}}]"; ok "its document: no hash; the fleet names its twin"
tl 0 inspect zero && grep -q "none: no window" out; ok "and it can be inspected"
cat >aborts.lua <<'L'
scenario { title = "Aborts", duration = 10*min, sync = 10*s, seed = 3 }
devices "boxes" { twin = "incubator", count = 3 }
thresholds { ["box_K max"] = { "< 200 K", abort = true }, ["heater_K max"] = { "< 400 K", after = 5*min } }
L
tl 1 run aborts.lua -o aborts --json f.json && json f.json "d['verdict'] == 'failed' and d['aborted'] and d['thresholds'][1]['message'] == 'not judged: the run ended at 00:00:10'"; ok "an abort is a failure, whatever was not judged"

# --- where a threshold is: the path one would type, however long
long=a/folder/with/a/long/name/that/goes/on/until/lua/would/cut/it/short/somewhere
mkdir -p "$long" && cp "$small" $long/
# shellcheck disable=SC2086 # a list of options
tl 0 run "$work/$long/small.lua" $few -o long --json l.json && json l.json "[t['where'] for t in d['thresholds']] == ['$long/small.lua:6', '$long/small.lua:7']"; ok "where: relative to the working folder"

# --- what a summary says
printf 'scenario { title = "Empty", duration = 1*min }\n' >empty.lua
tl 0 run empty.lua -o empty && grep -q "^passed: the scenario has no thresholds" out && ! grep -q "device-steps/s" out; ok "an empty scenario: no thresholds, no speed"
tl 4 run "$small" --set count=3 --set minutes=11 -o full -q --json /dev/full
grep -q "^error (file could not be read or written): 2 of 2 thresholds held" out; ok "a document that could not be written: the summary says what the error was"
printf 'scenario { title = "Large", duration = 24*h }\ndevice "one" { twin = "incubator" }\ndevices "many" { twin = "incubator", count = 500000 }\n' >large.lua
tl 0 plan large.lua && grep -q "device-steps 86 400 172 800," out && grep -q "time: about [0-9 ]* \(s\|min\|h\) " out && ! grep -q "e+" out; ok "plan: counts and times as people write them"
tl 0 plan large.lua && grep -q " 1 device   step" out; ok "plan: one device"
tl 0 check fails.lua && grep -q "(3 devices in 1 fleet, 2 thresholds, 1 file)" out; ok "check: one fleet"

# --- interrupted: the cause first, and what can be made again ends where the run ended
cat >long.lua <<'L'
scenario { title = "Long", duration = 10000*h, sync = 10*s, seed = 3 }
devices "boxes" { twin = "incubator", count = 300 }
thresholds { ["box_K max"] = { "< 400 K" }, ["heater_K max"] = { "< 400 K", after = 9999*h } }
L
"$PROGRAM" run long.lua -o i -q --record events --json i.json >out 2>&1 &
pid=$!
for _ in $(seq 100); do [ -s i/telemetry.h5 ] && break; sleep 0.1; done
sleep 0.5
kill -INT $pid
wait $pid
[ $? -eq 130 ]; ok "SIGINT exits 130"
head -n 1 out | grep -q "error\[TL0140\]: interrupted"; ok "the cause comes first"
grep -q -- "-  *heater_K max  *not judged: the run ended at" out && ! grep -q "TL0110\|ERROR" out; ok "a threshold whose time never came is not judged"
tl 0 inspect i --device 5 --json d.json && json d.json "d['time_s'] == json.load(open('i.json'))['simulated_s'] > 0"; ok "a device of an interrupted run: up to where it ended"
tl 2 inspect i --device 5 --at 9000h && grep -q "the run ended at" err; ok "a time after the end is refused"

# --- planted bits that no digest sees
# shellcheck disable=SC2086
tl 0 run "$small" $few -o a; ok "a run"
# the lowest bit of a temperature at time 0; a sensor's value and its counter, written anew at the next tick
for place in boxes:3:box_K:0 boxes:3:box:0@5min boxes:3:box:40 boxes:3:heater.command:2@5min; do
  # shellcheck disable=SC2086
  tl 0 run "$small" $few -o flip --flip $place; ok "$place runs"
  tl 1 diff a flip --json d.json; ok "$place: diff exits 1"
  column=$(echo $place | cut -d: -f3)
  json d.json "(lambda f: d['verdict'] == 'different' and (f['fleet'], f['device'], f['column']) == ('boxes', 3, '$column') and f['time_s'] == (300 if '@' in '$place' else 0) and f['a'] != f['b'] and f['ulps'] > 0)(d['first'])"; ok "$place: diff names time, fleet, device, column and both values"
  tl 1 diff flip a --json e.json && json e.json "d['first']['a'] == json.load(open('d.json'))['first']['b']"; ok "$place: the other way round too"
done
# shellcheck disable=SC2086
tl 0 run "$small" $few -o flip --flip boxes:3:box:0@5min && tl 1 diff a flip && grep -q "vanished by 00:05:00" out; ok "and says when it vanished"
json flip/run.json "d['run_hash'] == json.load(open('a/run.json'))['run_hash'] and d['flips'][0]['planted'] and d['flips'][0]['time_s'] == 300 and d['flips'][0]['before'] != d['flips'][0]['after']"; ok "run.json keeps place, time and values"
json a/run.json "'flips' not in d"; ok "a run without has none"
cp -r flip again && tl 0 diff flip again && tl 0 diff a a --json d.json && json d.json "d['verdict'] == 'equal' and d['first'] is None"; ok "the same bit on both sides: equal, and first is null"
# shellcheck disable=SC2086
tl 0 run "$small" $few -o both --flip boxes:3:box:0@5min --flip boxes:9:control.setpoint:1@4min && tl 1 diff flip both --json d.json && json d.json "d['first']['device'] == 9 and d['first']['time_s'] == 240"; ok "of several bits the first that one side alone has"
tl 0 run "$small" --set count=20 --set minutes=11 -o said --flip boxes:3:box_K:0 && grep -q "planted: fleet boxes, device 3, box_K bit 0: .* -> .* K" err; ok "a run says what it planted"
# shellcheck disable=SC2086
tl 2 run "$small" $few -o late --flip boxes:3:box_K:0@99h && grep -q "the run is over at 00:11:00" err && [ ! -e late ]; ok "a flip after the end is refused before the run"
# shellcheck disable=SC2086
tl 3 run "$small" $few -o late --flip boxes:3:box_K:0@655s && grep -q "was not planted" err; ok "a flip that no window begins with is no silent matter"
# shellcheck disable=SC2086
tl 3 run "$small" $few -o late2 --flip boxes:3:box_Q:0@5min && [ ! -e late2 ]; ok "a flip in no column is refused before the run"

# --- recordings and folders
printf 'time_s,x[K]\n0,-1\n1,-2\n2,-1\n' >minus.csv
tl 0 score minus.csv minus.csv --json s.json && ! grep -q -- " -0 " out && ! grep -q -- "-0\b[^.0-9]" s.json; ok "no error is 0 %, not -0 %"
tl 0 import "$source_dir/tests/tools/gap.csv" --map "$source_dir/tests/tools/gap.lua" -o gap.h5; ok "a recording with a gap"
tl 0 inspect gap.h5 --json g.json && grep -q "1 gap " out && grep -q "^  box  *degC" out; ok "inspect shows a recording: units and gaps"
json g.json "(lambda f: f['samples'] == 5 and f['period_s'] == 3 and f['gaps'] == 1 and f['channels']['box'] == {'unit': 'degC', 'role': 'output', 'missing': 1, 'low': 20, 'high': 24})(d['fleets'][0])"; ok "and its document says the same"
tl 2 inspect gap.h5 --device 0 && grep -q "can't be simulated again" err; ok "a recording has no device to simulate"
mkdir other && echo precious >other/telemetry.h5
tl 2 run "$small" -o other && grep -q "is no run folder" err && grep -q precious other/telemetry.h5; ok "somebody else's telemetry.h5 is not overwritten"
rm -f a/run.json
# shellcheck disable=SC2086
tl 0 run "$small" $few -o a; ok "a run that was killed is"
finish
