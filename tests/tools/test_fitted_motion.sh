#!/usr/bin/env bash
# The lift and the quadrotor's vertical axis fitted by the commands alone: on the project's own recordings, and on the shared
# ones where they are, judged on what was not used for fitting. Bars are the measured figures with a little room.
# usage: test_fitted_motion.sh PROGRAM SOURCE
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

# beats CHANNEL LIMIT: of every device, on samples not used for fitting: below the limit, the mean and the last value held.
beats() {
  json fit.json "(lambda held: held and all(v['rmse'] < $2 and v['rmse'] < v['rmse_mean_of_training'] and v['rmse'] < v['rmse_last_training_held'] for v in held))([c['validate'] for c in d['channels'] if c['name'].endswith('$1') and c['validate']['samples'] > 0])"
}

declare -A bars=([elevator]="< 0.03 m/s2" [quadrotor_axis]="< 0.05 m/s")
for name in elevator quadrotor_axis; do
  file=$source_dir/assets/recordings/${name}_synthetic.h5
  "$source_dir/tools/recordings/make_$name.py" >made.csv && tl 0 import made.csv --map "$maps/${name}_synthetic.lua" -o made.h5; ok "$name: the script makes a recording"
  tl 0 export made.h5 --csv -o made.out && tl 0 export "$file" --csv -o shipped.out && cmp -s made.out shipped.out; ok "$name: it is the one that is shipped"
  tl 0 inspect "$file" && grep -q "recording: SYNTHETIC" out; ok "$name: it says that it is synthetic"
  tl 0 calibrate "$scenarios/${name}_fit.lua" --threads 1 -q --json fit.json -o fit.params.json; ok "$name: fitted to the first half"
  cp fit.json "$name.json"
  tl 0 run "$scenarios/${name}_fit.lua" --set parameters=fit.params.json --set rmse="${bars[$name]}" -o "run_$name" -q; ok "$name: runs with what was fitted"
  tl 0 run "$scenarios/${name}_fit.lua" -o "start_$name" -q; ok "$name: runs as shipped"
done
cp elevator.json fit.json && beats imu_m_per_s2 0.03; ok "elevator: the second half"
cp quadrotor_axis.json fit.json && beats climb_m_per_s 0.05 && beats height_m 0.02 && beats battery_V 0.006; ok "quadrotor_axis: the second half"
tl 3 run "$scenarios/elevator_fit.lua" --set ride=4 -q && grep -q "a ride is 2 to 10 floors, such as 4-0-4, not 4" err; ok "elevator: a ride needs two floors"
tl 3 run "$scenarios/elevator_fit.lua" --set ride=4-x -q && grep -q "not 4-x" err; ok "elevator: floors are numbers"

if [ ! -d "$data/elevator" ] || [ ! -d "$data/crazypad" ]; then
  echo "SKIP: the shared recordings are missing"
  finish
  exit
fi

for k in 1 2 3 4 5; do
  tl 0 import "$data/elevator/physical_Bajada_4_0_4_0$k.csv" --map "$maps/elevator.lua" -o "ride$k.h5"; ok "elevator: import of ride $k"
  tl 0 run "$scenarios/elevator_fit.lua" --set recording="ride$k.h5" --set parameters="$source_dir/assets/parameters/elevator.json" --set rmse="< 0.036 m/s2" -o "ride$k" -q; ok "elevator: the shipped fit on ride $k"
done
tl 0 calibrate "$scenarios/elevator_fit.lua" --threads 1 --set recording=ride1.h5,ride2.h5 --set validate=ride3.h5,ride4.h5,ride5.h5 -q --json fit.json && beats imu_m_per_s2 0.036; ok "elevator: two rides fitted, three judged"
tl 0 calibrate "$scenarios/elevator_fit.lua" --threads 1 --set recording=ride1.h5 -q --json fit.json && beats imu_m_per_s2 0.036; ok "elevator: the second half of one ride"

for k in 0 1 2 3; do
  tl 0 import "$data/crazypad/motor_data/normal_flight/E8_log0$k" --map "$maps/crazypad_motor.lua" -o "flight$k.h5"; ok "quadrotor_axis: import of flight $k"
  tl 0 run "$scenarios/quadrotor_axis_fit.lua" --set recording="flight$k.h5" --set parameters="$source_dir/assets/parameters/quadrotor_axis.json" --set rmse="< 0.07 m/s" -o "flight$k" -q; ok "quadrotor_axis: the shipped fit on flight $k"
done
quad() { tl 0 calibrate "$scenarios/quadrotor_axis_fit.lua" --threads 1 --set starts=1 -q --json fit.json "$@"; }
quad --set recording=flight0.h5,flight1.h5 --set validate=flight2.h5,flight3.h5; ok "quadrotor_axis: two flights fitted"
beats climb_m_per_s 0.08 && beats height_m 0.035 && beats battery_V 0.025 && beats acceleration_m_per_s2 0.018; ok "quadrotor_axis: two others judged"
quad --set recording=flight0.h5 && beats climb_m_per_s 0.06 && beats height_m 0.03 && beats battery_V 0.01; ok "quadrotor_axis: the second half of one flight"
finish
