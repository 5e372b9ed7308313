#!/usr/bin/env bash
# calibrate from the command line: what it writes, that a run with it is the run it promises, and what it reaches on
# recordings. Without the shared folder of recordings only the project's own are used.
# usage: test_calibrate.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
scenarios=$source_dir/scenarios/regression
maps=$source_dir/assets/maps
data=$source_dir/../shared/data

# --- the project's own recordings
for name in incubator tclab; do
  tl 0 calibrate "$scenarios/${name}_fit.lua" -o "$name.json" --json "$name.out.json"; ok "$name: calibrate"
  grep -q 'last training held' out && grep -q '^run hash ' out; ok "$name: a table for people"
  json "$name.out.json" "d['schema'] == 'twinloop.calibration/1' and all(set(('name', 'value', 'unit', 'low', 'high', 'at_bound')) <= set(p) for p in d['parameters'])"; ok "$name: every parameter has its fields"
  json "$name.out.json" "d['unidentifiable'] == [] and d['simulations'] > 100 and d['wall_s'] > 0 and d['rmse'] < 0.2 and len(d['run_hash']) == 64"; ok "$name: rmse, simulations, time and hash"
  json "$name.out.json" "all(p['low'] < p['value'] < p['high'] for p in d['parameters'] if not p['at_bound'])"; ok "$name: intervals hold their values"
  tl 0 run "$scenarios/${name}_fit.lua" --set parameters="$name.json" -o "run-$name" -q; ok "$name: run with the file"
  python3 -c 'import json, sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); sys.exit(a["run_hash"] != b["run_hash"])' "$name.out.json" "run-$name/run.json"; ok "$name: the run has the promised hash"
  json "$name.json" "d['schema'] == 'twinloop.parameters/1' and d['twin'] == '$name' and d['lineage']['engine'] and any(i['kind'] == 'recording' and len(i['sha256']) == 64 for i in d['lineage']['inputs'])"; ok "$name: the file knows where it comes from"
  for threads in 1 3; do
    tl 0 calibrate "$scenarios/${name}_fit.lua" --threads $threads -o "$name-$threads.json" -q && cmp -s "$name.json" "$name-$threads.json"; ok "$name: the same bytes with $threads threads"
  done
  tl 0 calibrate "$scenarios/${name}_fit.lua" --path scalar -o "$name-scalar.json" -q && cmp -s "$name.json" "$name-scalar.json"; ok "$name: the same bytes without vectors"
  tl 0 calibrate "$scenarios/${name}_fit.lua" --set train=0.6 --json - && json out "all(c['train']['samples'] > c['validate']['samples'] > 100 for c in d['channels']) and d['rmse_validate'] < 0.3"; ok "$name: the rest of the recording validates"
  tl 0 calibrate "$scenarios/${name}_fit.lua" --set validate="$source_dir/assets/recordings/${name}_synthetic.h5" --json - && json out "any(c['device'] == 'validation' for c in d['channels']) and d['rmse_validate'] < 0.2"; ok "$name: another recording validates"
  tl 0 run "$scenarios/${name}_fit.lua" -q -o plain; ok "$name: a run does not fit"
done
if tl 0 calibrate "$scenarios/incubator_fit.lua" --set method=nelder-mead --set starts=2 --json -; then
  json out "d['method'] == 'nelder-mead' and d['rmse'] < 0.1"; ok "a derivative-free method"
else
  grep -q 'built without it' err; ok "no derivative-free method, and why"
fi

# --- the table: names once, in columns of their own, and no table of nothing
recordings=$source_dir/assets/recordings
sed 's/local held_out = .*/local held_out = second and incubator("a_second_recording_of_the_same_box", second)/; s/init = { box_K = { degC.*//' "$scenarios/incubator_fit.lua" >long.lua
tl 0 calibrate long.lua --set recording="$recordings/incubator_synthetic.h5" --set validate="$recordings/incubator_synthetic.h5"; ok "a device with a long name validates"
grep -q '^  a_second_recording_of_the_same_box\.box_K  *validate ' out; ok "its name is said once and stands apart"
[ "$(grep -c '^  parameter ' out)" -eq 1 ]; ok "no table of values where no state is free"
tl 0 calibrate "$scenarios/elevator_fit.lua" --set recording="$recordings/elevator_synthetic.h5,$recordings/elevator_synthetic.h5" --set starts=1; ok "two devices are fitted"
grep -q '^  lift_2\.imu_m_per_s2 ' out && ! grep -q 'lift_2\.lift_2' out; ok "each name is said once"

# --- progress: a terminal's line of a fit that takes longer than a second; nothing in a log or with --quiet
on_terminal() { # ARGUMENTS...: what a terminal on stderr was shown
  CI='' TERM=xterm python3 -c 'import os, pty, subprocess, sys
own, its = pty.openpty()
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its)
os.close(its)
shown = b""
try:
    while part := os.read(own, 4096): shown += part
except OSError: pass
sys.stdout.buffer.write(shown)
sys.exit(p.wait())' "$PROGRAM" "$@" >shown
}
long=(calibrate "$scenarios/incubator_fit.lua" --set starts=600 --threads 1)
unset CI
on_terminal "${long[@]}" && grep -q 'simulations  [1-9][0-9]* s' shown; ok "a long fit shows that it goes on"
on_terminal "${long[@]}" -q && [ ! -s shown ]; ok "--quiet: it does not"
tl 0 "${long[@]}" && [ ! -s err ]; ok "no terminal: it does not"

# --- what is shipped: every parameter file loads into its twin
for file in "$source_dir"/assets/parameters/*.json; do
  twin=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["twin"])' "$file")
  echo "scenario { duration = 60 } device { twin = '$twin', dt = 0.01, set = parameters '$file' }" >load.lua
  name=${file##*/} # not in the argument: that would be the status
  tl 0 check load.lua; ok "$name loads"
done

# --- errors
tl 3 calibrate "$scenarios/incubator_recorded.lua"; ok "a scenario without calibrate{}"
grep -q 'has no calibrate { ... }' err; ok "says so"
tl 3 calibrate "$scenarios/incubator_fit.lua" --set method=newton; ok "an unknown method"
grep -q "no method 'newton'" err; ok "says so"
tl 4 calibrate "$scenarios/incubator_fit.lua" --set recording=gone.h5; ok "no recording"
tl 2 calibrate; ok "no scenario"
tl 4 calibrate "$scenarios/incubator_fit.lua" -o no/such/folder/x.json; ok "a file that cannot be written"
sed 's/{ 10, 10000 }/{ 10, 5 }/' "$scenarios/incubator_fit.lua" >reversed.lua
tl 3 calibrate reversed.lua && tl 3 check reversed.lua; ok "check refuses reversed bounds"
grep -q 'the lower bound 10 is not below the upper bound 5' err; ok "at their line: $(grep -o 'reversed.lua:[0-9]*' err | head -n 1)"
tl 0 plan "$scenarios/incubator_fit.lua" && grep -q 'calibrates' out; ok "plan shows what is free"

# --- recordings of real devices
if [ -d "$data/tclab" ]; then
  tl 0 import "$data/incubator/exp2_ht20_hg30_2P_4P_Model.csv" --map "$maps/incubator.lua" -o exp2.h5; ok "exp2: import"
  tl 0 calibrate "$scenarios/incubator_fit.lua" --set recording=exp2.h5 --json -; ok "exp2: calibrate"
  json out "d['rmse'] < 1.01 * 0.2222"; ok "exp2: rmse is at most the best known"
  json out "[p['at_bound'] for p in d['parameters'] if p['name'] == 'heater_K'] == [True]"; ok "exp2: the heater begins at its bound"
  sed 's/init = { box_K = { degC/current_A = { 1, 50 }, init = { box_K = { degC/' "$scenarios/incubator_fit.lua" >power.lua
  tl 0 calibrate power.lua --set recording=exp2.h5 --json -; ok "exp2: with power free"
  json out "len(d['unidentifiable']) == 1 and d['unidentifiable'][0].endswith('scale together: give one') and all(n in d['unidentifiable'][0] for n in ('C_air', 'C_heater', 'G_box', 'G_heater', 'current_A'))"; ok "exp2: power, capacities and conductances scale together"
  tl 0 import "$data/tclab/energy_balance_600s.csv" --map "$maps/tclab_energy_balance.lua" -o tclab.h5; ok "tclab: import"
  tl 0 calibrate "$scenarios/tclab_fit.lua" --set recording=tclab.h5 --json -; ok "tclab: calibrate"
  json out "[c['train']['rmse'] < 1.01 * best for c, best in zip(d['channels'], (0.5952, 0.7539))] == [True, True]"; ok "tclab: rmse is at most the best known of four states"
  tl 0 import "$data/tclab/hybrid_600s_3s.csv" --map "$maps/tclab_hybrid.lua" -o hybrid.h5; ok "hybrid: import"
  tl 0 calibrate "$scenarios/tclab_fit.lua" --set recording=hybrid.h5 --set ambient=free --set states=free --json -; ok "hybrid: calibrate"
  json out "[c['train']['rmse'] < 1.01 * best for c, best in zip(d['channels'], (0.3728, 0.5397))] == [True, True]"; ok "hybrid: rmse is at most that of the refit"
else
  echo "SKIP: the shared recordings are missing"
fi
finish
