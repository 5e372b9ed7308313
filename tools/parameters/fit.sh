#!/usr/bin/env bash
# Makes assets/parameters/*.json anew from the recordings they were fitted to: import, then calibrate.
#   tools/parameters/fit.sh TWINLOOP RECORDINGS [OUTPUT]      RECORDINGS: the folder with incubator/, tclab/, nissan-leaf/ ...
# Where there is no folder of recordings there is nothing to fit; the shipped files carry the hashes of what they saw.
set -euo pipefail
twinloop=$(realpath "$1") data=$(realpath "$2") root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(realpath "${3:-$root/assets/parameters}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"

take() { # FILE MAP NAME: a recording as NAME.h5
  "$twinloop" import "$data/$1" --map "assets/maps/$2.lua" -o "$work/$3.h5" -q
}
fit() { # SCENARIO NAME RECORDING... [-- OPTION...]
  local scenario=$1 name=$2 list=''
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do list+="${list:+,}$work/$1.h5" && shift; done
  [ $# -eq 0 ] || shift
  "$twinloop" calibrate "scenarios/regression/$scenario.lua" --set "recording=$list" "$@" -o "$out/$name.json" -q |
    grep -E '^  (channel|[a-z0-9_]+\.)|simulations' | sed "s/^/$name: /"
}

take incubator/exp2_ht20_hg30_2P_4P_Model.csv incubator exp2
fit incubator_fit incubator exp2
take tclab/energy_balance_600s.csv tclab_energy_balance tclab
fit tclab_fit tclab tclab
take nissan-leaf/NissanLeaf-cell-Low-Current-HPPC-25C-2.csv.gz leaf_hppc hppc
fit battery_cell_fit battery_cell hppc
take skab/valve1/6.csv skab valve1_6
fit pump_loop_fit pump_loop valve1_6 -- --set train=1
take braccio/pick_drop_pt.csv braccio braccio
fit robot_arm_fit braccio braccio
take franka/exciting_traj_first_half.csv.gz franka franka
fit robot_arm_fit franka franka
rides=()
for ride in "$data"/elevator/physical_*.csv; do
  name=$(basename "$ride" .csv) name=${name#physical_}
  take "elevator/$(basename "$ride")" elevator "$name"
  rides+=("$name")
done
fit elevator_fit elevator "${rides[@]}" -- --set train=1
flights=()
for flight in "$data"/crazypad/motor_data/normal_flight/*; do
  name=$(basename "$flight") name=${name%.*}
  take "${flight#"$data"/}" crazypad_motor "$name"
  flights+=("$name")
done
fit quadrotor_axis_fit quadrotor_axis "${flights[@]}" -- --set train=1
