#!/usr/bin/env bash
# Arms fitted to recordings and judged by ISO 9283, from the command line. Without the shared folder of recordings only
# the project's own is used.
# usage: test_fitted_arm.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
fit=$source_dir/scenarios/regression/robot_arm_fit.lua
poses=$source_dir/scenarios/regression/robot_arm_poses.lua
parameters=$source_dir/assets/parameters
maps=$source_dir/assets/maps
data=$source_dir/../shared/data
# of every channel: below both baselines on what was not used for fitting, N times below the mean's
beats() { json out "all(c['validate']['rmse'] < min(c['validate']['rmse_mean_of_training'] / $1, c['validate']['rmse_last_training_held']) for c in d['channels'] if c['validate']['samples'])"; }

# --- the project's own recording
tl 0 calibrate "$fit" --set train=0.5 --json - && beats 3; ok "synthetic: the other half is predicted"
tl 0 calibrate "$fit" -o own.json -q; ok "synthetic: calibrate"
tl 0 calibrate "$fit" --threads 1 --path scalar -o plain.json -q && cmp -s own.json plain.json; ok "synthetic: the same bytes without vectors or threads"
tl 0 run "$fit" --set parameters=own.json --set r2="> 0.8" -q; ok "synthetic: the file runs"
tl 0 run "$fit" -q; ok "the published set as shipped"

# --- pose accuracy and repeatability
tl 0 run "$poses" -o known; ok "poses: offsets known"
grep -q 'AP 0\.[0-4].* mm, RP 0\.[0-4].* mm over 30 cycles' out err; ok "poses: accurate and repeatable"
tl 1 run "$poses" --set believed2=0 --set believed4=0 -o unknown; ok "poses: offsets not known"
grep -q 'pose accuracy is [0-9.]* mm, at most 0.5 allowed' out err; ok "poses: says how far off"

# --- recordings of real devices
if [ -d "$data/franka" ]; then
  tl 0 import "$data/franka/exciting_traj_first_half.csv.gz" --map "$maps/franka.lua" -o franka.h5; ok "franka: import"
  tl 0 calibrate "$fit" --set recording=franka.h5 --set train=0.5 --json - && beats 2.5; ok "franka: the other half is predicted"
  tl 0 run "$fit" --set recording=franka.h5 --set parameters="$parameters/franka.json" --set r2="> 0.9" -q; ok "franka: the shipped fit"
  tl 0 import "$data/braccio/pick_drop_pt.csv" --map "$maps/braccio.lua" -o arm.h5; ok "braccio: import"
  tl 0 import "$data/braccio/pick_drop_dt.csv" --map "$maps/braccio.lua" -o trace.h5; ok "braccio: import of its twin's trace"
  tl 0 calibrate "$fit" --set recording=arm.h5 --set validate=trace.h5 --json - && beats 100; ok "braccio: another run is predicted"
  tl 0 run "$fit" --set recording=trace.h5 --set parameters="$parameters/braccio.json" --set rmse="< 0.5 mm" -q; ok "braccio: the shipped fit"
  tl 3 calibrate "$fit" --set recording=arm.h5 --set validate=franka.h5; ok "two arms are refused"
  grep -q 'recording and validate are of different arms' err; ok "and the message says so"
else
  echo "SKIP: the shared recordings are missing"
fi
finish
