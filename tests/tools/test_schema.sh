#!/usr/bin/env bash
# twinloop schema: show, check, diff and add; recordings and models held against a schema.
# usage: test_schema.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
shipped=$source_dir/schemas
model=$source_dir/assets/models/incubator-detector-int8

tl 0 schema check --registry "$shipped"; ok "shipped schemas: hashes, promises, twins' columns"
tl 0 schema check incubator --registry "$shipped" --model "$model.tflite" && grep -q "32 samples of 2 inputs" out; ok "the shipped model's card"
tl 0 schema show --registry "$shipped" && grep -q "^incubator" out; ok "list"
tl 0 schema show incubator --registry "$shipped" && grep -q "box_K *K *float64" out; ok "show"
tl 0 schema show incubator@1 --registry "$shipped" --json-schema && json out "d['properties']['box_K']['x-unit'] == 'K' and d['properties']['box_K']['minimum'] == 200 and 'box_K' in d['required'] and 'room_K' not in d['required']"; ok "JSON Schema"
tl 0 schema show incubator --registry "$shipped" --json - && json out "d['schema'] == 'twinloop.schema/1' and d['version'] == 1"; ok "the document"

# --- versions
tl 0 schema add incubator && grep -q "incubator@1 added" out; ok "add from a twin"
tl 0 schema add incubator && grep -q "already says this" out; ok "the same again adds nothing"
tl 0 schema diff incubator twin:incubator && grep -q "the same" out; ok "diff: the same"
draft() { python3 -c 'import json, sys; d = json.load(open("schemas/incubator/1.json")); d["hash"] = "draft"; d["version"] = 2; c = {x["name"]: x for x in d["channels"]}; exec(sys.argv[1]); json.dump(d, open("draft.json", "w"))' "$1"; }
draft 'c["box_K"].update(type="float32")'
tl 4 schema add incubator draft.json && grep -q "values would be cut" err; ok "a narrower type is refused"
draft 'c["box_K"].update(unit="degC", low=-73.15, high=326.85)'
tl 3 schema add incubator draft.json && grep -q "channel box_K: unit K becomes degC: no rule is declared" err && grep -q "incubator@2 cannot read incubator@1" err; ok "a unit change is refused"
draft 'c["box_K"].update(unit="degC", low=-73.15, high=326.85, migrate={"unit": "K"}); d["compatibility"] = "full"'
tl 0 schema add incubator draft.json && test -f schemas/incubator/2.json; ok "with a rule it is a version"
tl 1 schema diff incubator@1 incubator@2 --json d.json && json d.json "not d['same'] and d['compatible'] == 'full' and d['backward']['migrated'] == 1 and d['forward']['refused'] == 0"; ok "diff says how"
tl 4 schema check incubator && grep -q "twin incubator has other columns" err && grep -q "schema add incubator" err; ok "the twin's columns are no longer the latest"
sed -i 's/"high": 600/"high": 700/' schemas/incubator/1.json
tl 4 schema check incubator && grep -q "a version never changes" err; ok "an edited version is refused"

# --- files and models
printf 'time_s,box_K[degC],room_K[K]\n0,20,290\n1,21,290\n' >fits.csv
printf 'time_s,box_K[W],room_K[K]\n0,20,290\n1,21,290\n' >power.csv
printf 'time_s,t2[degC]\n0,20\n1,21\n' >strange.csv
tl 0 schema check incubator fits.csv --registry "$shipped" && grep -q "fits" out && grep -q "converted" out; ok "a recording that fits"
tl 3 schema check incubator power.csv --registry "$shipped" && grep -q "channel box_K: unit W becomes K: another dimension" err && grep -q -- "--> power.csv" err; ok "another dimension"
tl 4 schema check incubator strange.csv --registry "$shipped" && grep -q "holds no channel of incubator@1" err; ok "no channel at all"
card() { cp "$model.tflite" m.tflite; python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); exec(sys.argv[2]); json.dump(d, open("m.json", "w"))' "$model.json" "$1"; }
refused() { tl "$1" schema check incubator --registry "$shipped" --model m.tflite && grep -q "$2" err; }
card 'd["inputs"][0]["unit"] = "degC"'; refused 3 "input box_K is in degC, the schema's channel in K"; ok "model: unit"
card 'd["inputs"][0]["channel"] = "bx_K"'; refused 4 "has no channel 'bx_K'"; ok "model: channel"
card 'd["window"] = 16'; refused 4 "16 samples of 2 inputs are 32 values, the tensor has 64"; ok "model: length"
card 'd["inputs"][0]["high"] = 9'; refused 4 "is said to enter the tensor, which holds -4 .. 3.96875"; ok "model: range"
card 'd["inputs"][1]["high"] = 2'; refused 4 "is not inside the schema's 0 .. 1"; ok "model: the schema's range"
card 'd["governed_by"] = "tclab@1"'; refused 4 "is governed by tclab@1, not by incubator@1"; ok "model: schema"
rm m.json; refused 4 "has no card"; ok "model: no card"

# --- a scenario that loads a model with a card: what the detector gives is what the card says
[ ! -d schemas ] || mv schemas edited # it holds an edited schema
cat >detector.lua <<'LUA'
scenario { duration = 1*min, seed = 1 }
local minus, mean = setting("minus", "control.setpoint"), setting("mean", 0.5)
local box = { sensor = "box", minus = minus ~= "" and minus or nil }
local heater = { actuator = "heater", mean = mean, scale = 2 }
local order = { given = { box, heater }, swapped = { heater, box }, one = { box } }
devices "boxes" {
  twin = "incubator", count = 3, dt = 0.5*s, tick = setting("tick", 3)*s,
  sensors = { box = { column = setting("column", "box_K"), noise = 0.1 } },
  actuators = { heater = { column = "heater_on" } },
  control = { kind = "hysteresis", sensor = "box", actuator = "heater", setpoint = 310.15, band = 0.5 },
  detector = { model = "m.tflite", channels = order[setting("order", "given")], threshold = 0.2 },
}
LUA
cp "$model.json" m.json
loads() { tl 0 check detector.lua "$@"; }
differs() { # STATUS MESSAGE SETTING...: refused, at the detector's line, saying MESSAGE
  local status=$1 message=$2
  shift 2
  tl "$status" check detector.lua "$@" && grep -qF -- "$message" err && grep -q 'detector.lua:11' err
}
loads; ok "detector: the card's own channels"
differs 4 "channel 1 of model 'm.tflite' is box_K, sensor 'box' is of heater_K" --set column=heater_K; ok "detector: another column"
differs 4 "channels stand in the order of the model's card" --set order=swapped; ok "detector: another order, and the hint"
differs 4 "model 'm.tflite' takes 2 channels, the detector gives it 1" --set order=one; ok "detector: too few channels"
differs 4 "model 'm.tflite' takes box_K less another column, sensor 'box' gives it as it is" --set minus=; ok "detector: no difference"
differs 4 "takes heater_on x 2 + -1, actuator 'heater' gives it heater_on x 2 + 0" --set mean=0; ok "detector: another scaling"
differs 4 "takes a sample every 3 s, the fleet has one every 1 s" --set tick=1 && grep -q 'tick = 3\*s' err; ok "detector: another rate, and the hint"
card 'd["governed_by"] = "incubator@99"; d["inputs"][0]["unit"] = "degC"'; differs 3 "takes box_K in degC, twin 'incubator' has it in K"; ok "detector: another unit"
card 'd["inputs"][1]["high"] = 0.5'; differs 4 "takes heater_on from 0 to 0.5 1, actuator 'heater' gives 0 to 1"; ok "detector: a narrower range"
card 'd["governed_by"] = "tclab@1"'; differs 4 "is governed by schema tclab@1, the fleet is of twin 'incubator'"; ok "detector: another schema"
card 'd["schema"] = "twinloop.model_card/2"'; differs 4 "schema is 'twinloop.model_card/2'"; ok "detector: a later card"
mkdir -p schemas && cp -r "$shipped/incubator" schemas/ && cp "$model.json" m.json && loads; ok "detector: the registered schema beside it"
card 'd["governed_by"] = "incubator@1"; d["inputs"][0]["unit"] = "degC"'; differs 3 "box_K is in degC, in schema incubator@1 in K"; ok "detector: not the registered schema's unit"
rm -r schemas
echo '{"name": "of a converter"}' >m.json; loads; ok "detector: a JSON that is no card"
echo '{' >m.json; differs 4 "card of model 'm.tflite' is no JSON"; ok "detector: no JSON"
rm m.json; loads --set tick=1 && loads --set mean=0; ok "detector: no card, nothing is asked"
[ ! -d edited ] || mv edited schemas

# --- scenarios
cp -r "$shipped" good
head_='scenario { title = "x", duration = 1 }'
printf '%s\nlocal r = recording("fits.csv", { schema = "good/incubator/1.json" })\n' "$head_" >s.lua
tl 0 check s.lua; ok "a scenario opens what fits"
printf '%s\nlocal r = recording("power.csv", { schema = "good/incubator/1.json" })\n' "$head_" >s.lua
tl 3 check s.lua && grep -q "channel box_K: unit W becomes K" err; ok "and refuses what does not, at its line"
tl 2 schema frobnicate && grep -q "is not show, check, diff or add" err; ok "unknown action"
tl 2 schema diff incubator && grep -q "needs two" err; ok "diff of one"
tl 4 schema show incubator@9 --registry "$shipped" && grep -q "has versions 1 to 1, not 9" err; ok "unknown version"
# --- what happens to samples that come late, twice, out of order or by a wrong clock
rm -rf schemas
policy() { # JSON: a schema of one channel with that policy
  echo '{"schema": "twinloop.schema/1", "name": "probe", "version": 1, "compatibility": "backward", "hash": "draft", "period_s": 0, "policy": '"$1"', "channels": [{"name": "t", "unit": "K", "type": "float64", "role": "output"}]}' >draft.json
  tl "${2:-0}" schema add probe draft.json
}
map() { echo "return { schema = \"${2:-probe}\", time = { column = \"time\", $1 }, ${3:-} channels = { { name = \"t\", column = \"t\", unit = \"K\" } } }" >m.lua; }
printf 'time,t\n0,1\n1,2\n1,3\n3,4\n2.5,5\n0.5,6\n4,7\n' >mixed.csv
map '' probe && tl 4 import mixed.csv --map m.lua -o m.h5; ok "policy: a map that names a schema that is not there"
policy '{"duplicates": "last", "backwards": "sort", "lateness_s": 1, "clock": {"offset_s": 0.5, "rate": 0}}'; ok "policy: added with its schema"
tl 0 schema show probe --json shown.json && json shown.json "d['policy'] == {'duplicates': 'last', 'backwards': 'sort', 'lateness_s': 1, 'clock': {'offset_s': 0.5, 'rate': 0}}"; ok "policy: it is written as it was read"
tl 0 import mixed.csv --map m.lua -o m.h5 --json r.json && json r.json "(d['duplicates'], d['reordered'], d['late'], d['rows_kept']) == (1, 1, 1, 5)" && grep -q 'clock corrected by 0.5' <(tl 0 import mixed.csv --map m.lua -o m.h5; cat out); ok "policy: a map that names the schema follows it, and it is counted"
map 'duplicates = "last"' && tl 0 import mixed.csv --map m.lua -o m.h5; ok "policy: the map may say the same"
map 'duplicates = "first"' && tl 4 import mixed.csv --map m.lua -o m.h5 && grep -q 'time.duplicates is first here, schema probe@1 says last' err && grep -q 'm.lua' err; ok "policy: another word of the map is refused"
map 'backwards = "refuse"' && tl 4 import mixed.csv --map m.lua -o m.h5 && grep -q 'time.backwards is refuse here, schema probe@1 says sort' err; ok "policy: and of the order"
map 'backwards = "sort", lateness = 2' && tl 4 import mixed.csv --map m.lua -o m.h5 && grep -q 'time.lateness is another time here' err; ok "policy: and of the wait"
map '' probe 'clock = { offset = 1 },' && tl 4 import mixed.csv --map m.lua -o m.h5 && grep -q 'clock is another correction here' err; ok "policy: and of the clock"
policy '{"duplicates": "first"}' && grep -q 'probe@2 added' out; ok "policy: a change is a new version"
map 'backwards = "drop"' && tl 0 import mixed.csv --map m.lua -o m.h5 --json r.json && json r.json "(d['duplicates'], d['late'], d['rows_kept']) == (1, 2, 4)"; ok "policy: what the schema does not say is the map's"
map '' probe@1 && tl 0 import mixed.csv --map m.lua -o m.h5; ok "policy: of a given version"
policy '{"duplicates": "firts"}' 4; grep -q "policy: 'duplicates' must be refuse, first or last" err; ok "policy: an unknown word"
policy '{"duplicate": "first"}' 4; grep -q "did you mean 'duplicates'" err; ok "policy: an unknown key, and the hint"
policy '{"backwards": "drop", "lateness_s": 1}' 4; grep -q "'lateness_s' must be beside backwards \"sort\"" err; ok "policy: a wait without sorting"
sed -i 's/"last"/"first"/' schemas/probe/1.json && tl 4 import mixed.csv --map m.lua -o m.h5 && grep -q 'a version never changes' err; ok "policy: it is in the hash"
finish
