#!/usr/bin/env bash
# import, run and score on recordings: the published figures come out of the three commands alone, and what a scenario
# paired on purpose stays paired. Without the shared folder of recordings only the project's own are used.
# usage: test_recorded.sh PROGRAM SOURCE
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

# near VALUE METRIC OF CHANNEL: the value in score.json within 0.001.
near() { json score.json "abs(d['channels']['$4']['$2']['value'] - $1) < 0.001"; }

if [ -d "$data/tclab" ]; then
  tl 0 import "$data/tclab/energy_balance_600s.csv" --map "$maps/tclab_energy_balance.lua" -o tclab.h5; ok "tclab: import"
  tl 0 run "$scenarios/tclab_recorded.lua" --set recording=tclab.h5 -o four -q; ok "tclab: run with four states"
  tl 0 score four tclab.h5 --json score.json; ok "tclab: score"
  json score.json "sorted(d['channels']) == ['Tc1_K', 'Tc2_K'] and d['samples']['Tc1_K']['recorded_as'] == 'T1'"; ok "tclab: the scenario's pairs are scored, not names that look alike"
  near 0.5952 rmse of Tc1_K; ok "tclab: RMSE of the first thermistor"
  near 0.7539 rmse of Tc2_K; ok "tclab: RMSE of the second"
  json score.json "all(d['channels'][c][m]['value'] == json.load(open('four/run.json'))['score'][c]['metrics'][m]['value'] for c in d['channels'] for m in d['channels'][c])"; ok "tclab: score and run.json say the same"
  tl 0 score four/telemetry.h5 tclab.h5 --json score.json && near 0.5952 rmse of Tc1_K; ok "tclab: the same by the file's name"
  tl 0 run "$scenarios/tclab_recorded.lua" --set recording=tclab.h5 --set fit=published -o three -q; ok "tclab: run with three parameters"
  tl 0 score three tclab.h5 --json score.json && near 1.6373 rmse of Tc1_K && near 0.8270 rmse of Tc2_K; ok "tclab: RMSE of the published fit"

  tl 0 import "$data/incubator/exp2_ht20_hg30_2P_4P_Model.csv" --map "$maps/incubator.lua" -o exp2.h5; ok "exp2: import"
  tl 0 run "$scenarios/incubator_recorded.lua" --set recording=exp2.h5 -o exp2 -q; ok "exp2: run"
  tl 0 score exp2 exp2.h5 --json score.json && near 0.6050 rmse of box_K && near 1.815 cvrmse_pct of box_K && near 0.539 nmbe_pct of box_K; ok "exp2: the published figures"

  leaf=$data/nissan-leaf
  tl 0 import "$leaf/NissanLeaf-cell-Low-Current-HPPC-25C-2.csv.gz" --map "$maps/leaf_hppc.lua" -o hppc.h5 && tl 0 import "$leaf/1C-Discharge-Bitrode-data.csv" --map "$maps/leaf_discharge.lua" -o 1c.h5; ok "leaf: import"
  cat >leaf.lua <<'LUA'
local rec = recording(setting "recording"):slice(setting("from", 0.0), setting("to", 43523.6))
scenario { title = "cell", duration = rec.duration, sync = 10*min, seed = 1 }
local file = setting("parameters", "")
local twin = device { twin = "battery_cell", dt = 1*min, drive = rec:inputs { current_A = { "current", held = "before" } },
                      init = { voltage_V = rec.voltage, soc_known = 0 }, set = file ~= "" and parameters(file) or {} }
compare(twin.voltage_V, rec.voltage)
LUA
  tl 0 run leaf.lua --set recording=hppc.h5 -o leaf -q && tl 0 score leaf hppc.h5 --json score.json && near 0.0208 rmse of voltage_V && near 0.540 cvrmse_pct of voltage_V && near -0.076 nmbe_pct of voltage_V; ok "leaf: the published model on the pulse test"
  tl 0 run leaf.lua --set recording=1c.h5 --set from=10084.3 --set to=13653.1 -o leaf1c -q && json leaf1c/run.json "abs(d['score']['voltage_V']['metrics']['rmse']['value'] - 0.0300) < 0.0002"; ok "leaf: carried over to the 1C discharge"
  tl 0 calibrate "$scenarios/battery_cell_fit.lua" --set recording=hppc.h5 -o cell.json --json fit.json -q && json fit.json "d['rmse'] < 0.00246"; ok "leaf: 21 values fitted to the pulse test"
  tl 0 run leaf.lua --set recording=1c.h5 --set from=10084.3 --set to=13653.1 --set parameters=cell.json -o fit1c -q && json fit1c/run.json "d['score']['voltage_V']['metrics']['rmse']['value'] < 0.010"; ok "leaf: they carry over better than the published 46 (19.7 mV)"
else
  echo "SKIP: the shared recordings are missing"
fi

# --- the recordings that come with the project: made by its scripts, from nothing else, and runnable as shipped
for name in battery incubator tclab; do
  file=$source_dir/assets/recordings/${name}_synthetic.h5
  "$source_dir/tools/recordings/make_$name.py" >made.csv && tl 0 import made.csv --map "$maps/${name}_synthetic.lua" -o made.h5; ok "$name: the script makes a recording"
  tl 0 export made.h5 --csv -o made.out && tl 0 export "$file" --csv -o shipped.out && cmp -s made.out shipped.out; ok "$name: it is the one that is shipped"
  tl 0 inspect "$file" && grep -q "recording: SYNTHETIC" out; ok "$name: it says that it is synthetic"
  [ $name = battery ] || tl 0 run "$scenarios/${name}_recorded.lua" -o "shipped_$name" -q; ok "$name: the scenario runs as shipped"
done
tl 0 run "$scenarios/tclab_recorded.lua" --set fit=published -o published -q; ok "tclab: with the published fit too"
tl 3 run "$scenarios/tclab_recorded.lua" --set fit=other -q && grep -q "fit is published or four_states, not other" err; ok "tclab: another fit is refused"

tl 0 calibrate "$scenarios/battery_cell_fit.lua" -o cell.json --json fit.json -q && json fit.json "d['rmse'] < 0.007"; ok "battery: fitted to its synthetic recording"
tl 0 run "$scenarios/battery_cell_fit.lua" --set parameters=cell.json --set "rmse=< 0.007 V" -o cell -q; ok "battery: the file gives the fit again"
tl 3 run "$scenarios/battery_cell_fit.lua" --set model=other -q && grep -q "model is small or tables, not other" err; ok "battery: another model is refused"

# --- a run folder that is not as expected is never scored by names that look alike
tl 0 run "$scenarios/incubator_recorded.lua" -o own -q; ok "own recording: run"
recording=$source_dir/assets/recordings/incubator_synthetic.h5
tl 0 score own "$recording" --json score.json && json score.json "list(d['channels']) == ['box_K'] and d['samples']['box_K']['recorded_as'] == 'box'"; ok "own recording: score"
cp -r own renamed && sed -i 's/"recorded_as"/"recorded_under"/' renamed/run.json
tl 4 score renamed "$recording" && grep -q "score of 'box_K' has no 'recorded_as'" err; ok "a run.json of another shape is an error"
cp -r own bare && rm bare/run.json
tl 4 score bare "$recording" && grep -q -- "--pair SIM=REC" err; ok "a run folder without run.json is an error, with what to do"
tl 0 score bare "$recording" --pair box_K=box --json score.json && json score.json "list(d['channels']) == ['box_K']"; ok "--pair needs no run.json"
tl 4 score own own --pair box_K=bax && grep -q "no channel 'bax'" err; ok "--pair of a channel that is not there is refused"

# --- fleets: which device
small=$source_dir/tests/tools/small.lua
tl 0 run "$small" -o fleet -q && tl 0 export fleet --csv -o fleet.csv; ok "a fleet of which some devices are recorded"
first=$(sed -n 2p fleet.csv | cut -d, -f2)
tl 0 export fleet --csv --device "$first" -o first.csv && tl 0 score fleet first.csv --json score.json && grep -q "device $first of fleet boxes, the first of" err; ok "the first recorded device is scored, and named"
json score.json "d['channels']['box_K']['rmse']['value'] == 0"; ok "and it is that one"
other=$(cut -d, -f2 fleet.csv | sort -un | awk -v n=0 '/^[0-9]/ {if ($1 != n) {print n; exit} n++}')
tl 4 score fleet first.csv --device "$other" && grep -q "device $other of fleet boxes was not recorded; [0-9]* devices are: $first, " err && grep -q -- "choose one: --device $first" err; ok "a device that was not recorded: those that were are named"
printf 'time_s,x[K],y[K]\n0,1,2\n1,1,2\n' >x.csv
tl 4 score own x.csv --pair box_K=box; ok "a recording without the channel is refused"
printf 'time_s,warmth[K]\n0,300\n3,301\n' >warm.csv
cp warm.csv plain.csv && sed -i 's/warmth/heat_of_it/' plain.csv
tl 4 score warm.csv plain.csv && grep -q -- "--pair box_K=t2" err; ok "no common name: the hint is of the command line"
finish
