#!/usr/bin/env bash
# tools/firmware and twinloop verify-firmware: firmware of every core and link against runs, scenarios and raw inputs.
# usage: test_firmware.sh PROGRAM SOURCE
# shellcheck disable=SC2034 # support.sh reads it
PROGRAM=$1
source_dir=$2
for tool in arm-none-eabi-gcc qemu-system-arm cmake ninja python3; do
  command -v "$tool" >/dev/null || { echo "not run: $tool is missing (tools/setup.sh test)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
detector=$source_dir/assets/models/incubator-detector-int8.tflite
golden=$source_dir/tests/golden/incubator-detector-int8
loop=$source_dir/tests/mcu/loop.lua

export TWINLOOP=$PROGRAM # reads the model before it is built in, and asks the firmware for its RAM

# fw FILE ARGUMENTS...: makes a firmware of the detector.
fw() {
  local file=$1
  shift
  "$source_dir/tools/firmware" "$detector" "$@" -o "$work/$file" >out 2>err
}
fw m4.elf && grep -q "m4, code [0-9]* bytes, model 6244 bytes in flash" out; ok "a firmware is built, its sizes are printed"
grep -Eq "^RAM +[0-9]+ bytes: tables [1-9][0-9]*, arena [1-9][0-9]*, state 0, buffers 128, data [0-9]+; and stack [1-9][0-9]* of 32768$" out; ok "and its RAM and stack, as it used them"
fw pid7.elf --core m7 --controller pid; ok "another core and controller"
fw uart55.elf --core m55 --link uart; ok "and another link"
fw early.elf --controller "$source_dir/tests/mcu/early.c"; ok "and a controller of the user's"
fw single.elf --personality single; ok "and kernels that round once"

# --- a run: inputs, every tensor, score, alarm, command
tl 0 run "$loop" --set law=hysteresis -o hys -q --record none; ok "a run under hysteresis"
tl 0 verify-firmware hys --elf m4.elf --device 10 --json a.json && grep -q "every bit equal" out; ok "m4, a device of a run: every bit equal"
json a.json "d['verdict'] == 'equal' and d['first'] is None and d['samples'] == 200 and d['inferences'] == 100 and d['tensors'] == 400"; ok "counts of samples, inferences, tensors"
json a.json "d['model_bytes'] == 6244 and 10000 < d['code_bytes'] < 200000 and d['flash_bytes'] == d['code_bytes'] + 6244"; ok "flash is code and model"
json a.json "d['ram_bytes'] >= d['tables_bytes'] + d['arena_bytes'] > 0 and 0 < d['stack_bytes'] < 32768"; ok "RAM and stack"
json a.json "[o['op'] for o in d['ops']] == ['FULLY_CONNECTED'] * 4 and all(o['instructions'] > 500 for o in d['ops'])"; ok "instructions by operator"
json a.json "abs(sum(o['instructions'] for o in d['ops']) - d['instructions']) < 1 and d['loop_instructions'] > 100"; ok "and in all"
arm-none-eabi-size -A m4.elf >size && python3 - <<'PY'
import json
sizes = {l.split()[0]: int(l.split()[1]) for l in open("size") if l.startswith(".")}
flash = sum(sizes[s] for s in (".vectors", ".twinloop", ".text", ".rodata", ".ARM.exidx", ".data") if s in sizes)
assert json.load(open("a.json"))["flash_bytes"] == flash, (flash, sizes)
PY
ok "flash is what arm-none-eabi-size says"
tl 0 verify-firmware hys --elf m4.elf --device 10 --json b.json && cmp -s a.json b.json; ok "instruction counts repeat"
tl 0 verify-firmware hys --elf uart55.elf --device 19 --from 2min --for 90s --json a.json; ok "m55 over the UART, a span that begins in the middle"
json a.json "d['samples'] == 30 and d['link'] == 'uart' and d['core'] == 'm55'"; ok "has the span's samples"

# --- a scenario, simulated here; PID in software and hardware doubles; a fall-back that overrides the command
tl 0 verify-firmware "$loop" --elf pid7.elf --device 5 --json a.json && json a.json "d['samples'] == 200 and d['samples_differing'] == 0"; ok "m7 under PID, a scenario"
fw pid4.elf --controller pid && tl 0 verify-firmware "$loop" --elf pid4.elf --device 5 --for 8min; ok "m4 (software doubles) under PID"
tl 0 verify-firmware "$loop" --set hop=7 --elf pid4.elf --device 4 --from 1min --json a.json && json a.json "d['inferences'] == 26"; ok "another hop"

# --- detectors of every other kind: each bit equal, from the beginning and from the middle on
cp "$source_dir/tests/mcu/detectors.lua" "$source_dir"/tests/golden/ops/{add_scalar,sub_int16,svdf_one_memory,variable_fifo,lstm_stream}.tflite .
make_elf() { "$source_dir/tools/firmware" "$1" -o "$2" --core "${3:-m4}" --personality "${4:-tflm}" >out 2>err; } # make_elf MODEL ELF [CORE [PERSONALITY]]
kind() { tl 0 run detectors.lua --set "what=$1" -o "runs/$1" -q --record none; } # kind WHAT: a run of it
kind single && tl 0 verify-firmware runs/single --elf single.elf --device 7 --json a.json && json a.json "d['inferences'] == 40 and d['personality'] == 'single'"; ok "a run that rounds once: every bit equal"
tl 3 verify-firmware runs/single --elf m4.elf && grep -q "the run rounds once in FULLY_CONNECTED, the firmware twice" err && grep -q -- "--personality single" err; ok "a firmware that rounds otherwise is refused"
kind counters && tl 0 verify-firmware runs/counters --elf m4.elf --device 7; ok "a run that counts saturation"
for model in add_scalar:m4 sub_int16:m7 svdf_one_memory:m55 variable_fifo:m4 lstm_stream:m7; do
  core=${model#*:} model=${model%:*}
  make_elf "$model.tflite" "$model.elf" "$core" && kind "$model" && tl 0 verify-firmware "runs/$model" --elf "$model.elf" --device 11 --json a.json && json a.json "d['samples'] == 120 and d['inferences'] >= 40 and d['tensors'] >= 40"; ok "$model on an $core: every bit equal"
  tl 0 verify-firmware "runs/$model" --elf "$model.elf" --device 3 --from 201s --for 90s --json a.json && json a.json "d['samples'] == 30"; ok "from the middle on, too"
done
tl 0 verify-firmware runs/svdf_one_memory --elf svdf_one_memory.elf --json a.json && json a.json "d['state_bytes'] > 0"; ok "its state is the device's"
# versions in waves: the firmware's is compared, of the devices that run it
kind waves && make_elf "$source_dir/assets/models/w1-synthetic-int8.tflite" w1.elf
tl 0 verify-firmware runs/waves --elf m4.elf --for 3min --json a.json && json a.json "d['samples'] == 60"; ok "waves: before the roll-out every device has version 0"
wave=$(tl 3 verify-firmware runs/waves --elf w1.elf >/dev/null; sed -n 's/.*devices that run it at the end of that time: \([0-9]*\).*/\1/p' err)
[ -n "$wave" ]; ok "waves: the hint names devices that run the firmware's version"
grep -q "device 0 runs version 0 (incubator-detector-int8.tflite), the firmware holds version 1 (w1-synthetic-int8.tflite)" err; ok "waves: versions are named by their files"
tl 0 verify-firmware runs/waves --elf w1.elf --device "$wave" --from 3min --json a.json && json a.json "d['samples'] == 60 and d['inferences'] == 20"; ok "waves: one of them, after the roll-out: every bit equal"
tl 3 verify-firmware runs/waves --elf w1.elf --device "$wave" && grep -q "until 00:03:00: begin there, with --from" err; ok "waves: over the change, refused: where to begin"
tl 3 verify-firmware runs/waves --elf m4.elf --device "$wave" && grep -q "it does so from 00:03:00 on: end before, with --for" err; ok "waves: or where to end"
tl 4 verify-firmware runs/waves --elf add_scalar.elf && grep -q "another model ([0-9]* bytes) than each of the run's 2 versions" err; ok "waves: a firmware of neither version"
tl 2 verify-firmware runs/waves --elf m4.elf --model "$detector" && grep -q "leave out --model" err; ok "waves: --model is no question"

# --- raw inputs, and what other implementations say of them
tl 0 verify-firmware --model "$detector" --inputs "$golden.in.bin" --elf m4.elf --json a.json && json a.json "d['inferences'] == 16 and d['samples'] == 0"; ok "raw inputs"

shared=$source_dir/../shared/kernels
if [ -d "$shared" ]; then
  "$source_dir/tools/firmware" "$shared/models/ad01_int8.tflite" --core m55 -o ad.elf >out 2>err; ok "MLPerf Tiny's autoencoder fits into an M55"
  tl 0 verify-firmware --model "$shared/models/ad01_int8.tflite" --inputs "$shared/golden/ad01_int8.in.bin" --elf ad.elf --json a.json; ok "and gives every bit of 32 cases"
  cp "$shared/models/micro_speech_quantized.tflite" . && tl 3 verify-firmware detectors.lua --set what=micro_speech_quantized --elf m4.elf && grep -q "hears a spectrum: firmware of tools/firmware has no front end" err; ok "a detector that hears a spectrum is refused"
  tl 0 verify-firmware --model "$shared/models/ad01_int8.tflite" --inputs "$shared/golden/ad01_int8.in.bin" --elf ad.elf --json a.json
  json a.json "d['inferences'] == 32 and d['tensors'] == 320 and 1 < d['instructions'] / 264192 < 20"; ok "at a sensible number of instructions a MAC"
fi

tl 0 verify-firmware --model "$detector" --elf m4.elf --json a.json && json a.json "d['inferences'] == 1 and d['verdict'] == 'equal'"; ok "a model alone: one random case"
tl 0 verify-firmware --model "$detector" --elf m4.elf --cases 3 --json a.json && json a.json "d['inferences'] == 3 and d['tensors'] == 12"; ok "or more"

# --- a board's modelled cycles beside the counted instructions
tl 0 verify-firmware --model "$detector" --inputs "$golden.in.bin" --elf m4.elf --board nucleo-l4r5zi-tflm --json a.json; ok "with a board"
json a.json "d['modelled']['board'] == 'nucleo-l4r5zi-tflm' and 0 < d['modelled']['error_ratio'] < 1 and d['modelled']['energy_J'] > 0"; ok "modelled cost with its error"
json a.json "all(o['cycles_modelled'] > 0 for o in d['ops']) and abs(sum(o['cycles_modelled'] for o in d['ops']) / d['modelled']['cycles'] - 1) < 1e-9"; ok "and by operator"
! grep -q remark err; ok "without a remark"
tl 0 verify-firmware --model "$detector" --inputs "$golden.in.bin" --elf m4.elf --board disco-f746ng-hale && grep -q "^remark: board disco-f746ng-hale has a Cortex-M7, the firmware is for a Cortex-M4" err; ok "a board with another core gets a remark"
tl 0 verify-firmware --model "$detector" --inputs "$golden.in.bin" --elf m4.elf --board nucleo-l4r5zi-tflm
grep -q "cycles (modelled)" out && grep -q "modelled   NUCLEO-L4R5ZI" out; ok "labelled so"

# --- model info: instructions beside cycles
tl 0 model info "$detector" --measure m4 --measure cortex-m55 --json i.json && grep -Eq "^ +0 FULLY_CONNECTED .* 1 536 +[0-9 ]+ [0-9 ]+$" out; ok "model info counts instructions of the operators"
json i.json "[m['run'] for m in d['instructions']] == [True, False, True] and all(abs(sum(m['op_instructions']) - m['instructions']) < 1e-6 and len(m['op_instructions']) == d['op_count'] and 5 < m['instructions'] / d['macs'] < 20 for m in d['instructions'] if m['run'])"; ok "on the cores that were asked for, and in all"
json i.json "all(b['instructions'] == (d['instructions'][0]['instructions'] if b['core'] == 'Cortex-M4' else None) for b in d['boards'])"; ok "beside the cycles of the boards with that core"
tl 0 verify-firmware --model "$detector" --elf m4.elf --json a.json && python3 -c "import json; i, a = json.load(open('i.json')), json.load(open('a.json')); assert i['instructions'][0]['op_instructions'] == [o['instructions'] for o in a['ops']]"; ok "the same as verify-firmware counts"
[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'twinloop-measure-*' -newer "$work/hys/run.json" 2>/dev/null)" ]; ok "no folder is left behind"

# --- differences are named
tl 1 verify-firmware hys --elf early.elf --device 10 --json a.json && json a.json "d['verdict'] == 'different' and d['first']['kind'] == 'command' and d['first']['expected'] == 1 and d['first']['firmware'] == 0"; ok "another law: the first command that differs"
json a.json "d['tensors_differing'] == 0 and d['samples_differing'] > 0"; ok "its tensors are equal"
grep -q "^first difference: sample [0-9]* at [0-9:]*, command: simulation 1, firmware 0$" out; ok "in one line"
python3 - "$golden" <<'PY'
import random, sys
random.seed(1)
open("noise.bin", "wb").write(bytes(random.randrange(256) for _ in range(64 * 200)))
PY
tl 1 verify-firmware --model "$detector" --inputs noise.bin --elf single.elf --json a.json; ok "rounded once: exit 1"
json a.json "(lambda f: f['kind'] == 'tensor' and f['op'] == 'FULLY_CONNECTED' and abs(f['expected'] - f['firmware']) == 1 and f['element'] < 64)(d['first'])"; ok "operator, tensor, element and values are named"
grep -q '^first difference: case [0-9]*, operator [0-9] FULLY_CONNECTED, tensor [0-9]* ".*", element [0-9]*: host' out; ok "in one line"

tl 0 verify-firmware --model "$detector" --inputs noise.bin --elf single.elf --personality single; ok "a host that rounds once, too: equal"

# --- what can go wrong
tl 2 verify-firmware hys --elf m4.elf --personality single && grep -q "a run has its own" err; ok "a run says how it rounds: usage"
tl 2 verify-firmware hys --elf m4.elf --cases 3; ok "random cases of a run: usage"
tl 2 verify-firmware --model "$detector" --inputs noise.bin --cases 3 --elf m4.elf; ok "random and given cases: usage"
tl 2 verify-firmware hys && grep -q "elf is missing" err; ok "no ELF: usage"
tl 2 verify-firmware --elf m4.elf && grep -q "name a run or a scenario" err; ok "nothing to compare with: usage"
tl 2 verify-firmware hys --inputs x --elf m4.elf; ok "both: usage"
tl 2 verify-firmware hys --elf m4.elf --for never; ok "a bad time: usage"
tl 4 verify-firmware hys --elf none.elf; ok "a missing ELF"
tl 4 verify-firmware hys --elf "$detector" && grep -q "no 32-bit Arm ELF" err; ok "no ELF at all"
tl 4 verify-firmware hys --elf "$PROGRAM" && grep -q "no 32-bit Arm ELF" err; ok "another machine's ELF"
tl 3 verify-firmware hys --elf pid4.elf && grep -q "the run's controller is hysteresis, the firmware's is pid" err; ok "another controller"
tl 3 verify-firmware hys --elf m4.elf --device 20 && grep -q "devices 0 to 19" err; ok "a device that is not there"
tl 3 verify-firmware hys --elf m4.elf --from 11min && grep -q -- "--from 00:11:00 is beyond the end: the last sample of hys, fleet boxes, is at 00:09:57" err; ok "a time past the end"
tl 3 verify-firmware "$loop" --set law=hysteresis --elf m4.elf --from 10min --for 1min && grep -q "beyond the end" err; ok "of a scenario, too"
tl 4 verify-firmware hys --elf m4.elf --qemu "$work/none" && grep -q "the emulator cannot be started" err; ok "no emulator"
tl 4 verify-firmware hys --elf m4.elf --qemu false && grep -q "the firmware ended (status 1) before it answered" err; ok "an emulator that ends at once"
tl 4 verify-firmware --model "$source_dir/assets/models/w1-synthetic-int8.tflite" --inputs noise.bin --elf m4.elf && grep -q "the firmware holds another model" err; ok "another model"
tl 4 verify-firmware --model "$detector" --inputs "$loop" --elf m4.elf && grep -q "expected a multiple of a case's 64" err; ok "inputs of another size"
tl 3 verify-firmware --model "$detector" --inputs noise.bin --elf m4.elf --board none && grep -q "no board profile 'none'" err; ok "no such board"
"$source_dir/tools/firmware" >out 2>err; [ $? -eq 2 ]; ok "tools/firmware without a model: usage"
fw x.elf --core m3; [ $? -eq 2 ]; ok "a core that it does not know: usage"
"$source_dir/tools/firmware" none.tflite >out 2>err; [ $? -eq 4 ]; ok "a model that is not there"
echo 'int broken' >broken.c
fw x.elf --controller broken.c; [ $? -eq 3 ] && grep -q "broken.c" err; ok "a controller that does not compile"
cp "$detector" large.tflite && head -c 600000 /dev/zero >>large.tflite
"$source_dir/tools/firmware" large.tflite --core m55 -o x.elf >out 2>err; [ $? -eq 3 ] && grep -q "overflowed by" err; ok "a model larger than the M55's code memory"
TWINLOOP=none "$source_dir/tools/firmware" "$loop" -o x.elf >out 2>err && grep -q "the model was not checked" err && grep -q "^RAM *not measured" out; ok "without the program the model is built in as it is, and the user told"
tl 4 verify-firmware --model "$detector" --inputs noise.bin --elf x.elf && grep -q "the firmware says: " err; ok "a file that is no model: the firmware says so"
sed 's/\x09\x00\x00\x00\x01\x00\x00\x00\x09\x00\x00\x00/\x20\x00\x00\x00\x01\x00\x00\x00\x20\x00\x00\x00/' "$detector" >custom.tflite
TWINLOOP=none "$source_dir/tools/firmware" custom.tflite -o x.elf >out 2>err && tl 4 verify-firmware --model "$detector" --elf x.elf && grep -q "the firmware says: node 0 (CUSTOM): custom operator" err; ok "an operator that it has not: with node and name"
rm -f y.elf
"$source_dir/tools/firmware" custom.tflite -o y.elf >out 2>err; [ $? -eq 4 ] && grep -q "node 0.*custom operator" err && [ ! -e y.elf ]; ok "a model that cannot run is refused before it is built, operator and reason named"
head -c 3000 noise.bin >random.tflite
"$source_dir/tools/firmware" random.tflite -o y.elf >out 2>err; [ $? -eq 4 ] && grep -q "random.tflite: not a TensorFlow Lite model" err && [ ! -e y.elf ]; ok "random bytes, too"
"$source_dir/tools/firmware" --help >out 2>err && grep -q "^usage: tools/firmware" out && [ ! -s err ]; ok "--help is no error"
"$source_dir/tools/firmware" --nope >out 2>err; [ $? -eq 2 ] && grep -q "unknown option '--nope'" err; ok "an unknown option is named"
"$source_dir/tools/firmware" "$detector" -o nodir/x.elf >out 2>err; [ $? -eq 4 ] && grep -q "nodir/x.elf: cannot be written: there is no folder nodir" err; ok "an output in no folder"
"$source_dir/tools/firmware" "$detector" -o "$work" >out 2>err; [ $? -eq 4 ] && grep -q "it is a folder" err; ok "an output that is a folder"
[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'twinloop-firmware-*' -newer "$work/hys/run.json" 2>/dev/null)" ]; ok "no pipe is left behind"
finish
