#!/usr/bin/env bash
# model info, run and compare, and golden_kernels: what they say, what they write, and how each wrong call ends.
# usage: test_model.sh PROGRAM SOURCE GOLDEN_KERNELS
PROGRAM=$1
source_dir=$2
golden_kernels=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1
name=incubator-detector-int8
model=$source_dir/assets/models/$name.tflite
in=$source_dir/tests/golden/$name.in.bin
out=$source_dir/tests/golden/$name.out.bin

# --- info
tl 0 model info "$model" && grep -q "FULLY_CONNECTED" out && grep -q "^memory .*arena" out; ok "info shows operators and memory"
tl 0 model info "$model" --json info.json -q; ok "info writes a document"
json info.json "d['schema'] == 'twinloop.model/1' and d['runs'] and d['refusals'] == [] and d['arena_bytes'] > 0 and d['state_bytes'] == 0"; ok "document: what runs and how much memory"
json info.json "d['inputs'][0]['shape'] == [1, 64] and d['inputs'][0]['type'] == 'int8' and len(d['inputs'][0]['quantisation']['scales']) == 1"; ok "document: inputs with shape and quantisation"
json info.json "d['macs'] == sum(o['macs'] for o in d['ops']) == sum(o['outputs'][0]['shape'][1] * o['inputs'][0]['shape'][1] for o in d['ops'])"; ok "document: MACs are outputs times inputs"
json info.json "d['op_count'] == len(d['ops']) == sum(d['operators'].values()) and all(o['refused'] is None for o in d['ops'])"; ok "document: operators are counted"
json info.json "len(d['boards']) >= 5 and all(b['label'] == 'modelled' and b['cycles'] > 0 and abs(b['time_s'] * b['clock_Hz'] - b['cycles']) < 1e-6 * b['cycles'] and len(b['op_cycles']) == d['op_count'] and b['cycles_error_ratio'] > 0 and (b['energy_J'] is None or b['energy_J'] > 0) for b in d['boards'])"; ok "document: modelled cost of every board, with its error"
grep -q "^modelled cost" out && grep -q "^nucleo-l4r5zi-tflm .*+-" out; ok "lines: boards, labelled modelled"
grep -q "^instructions  Cortex-M4 *not run: ask with --measure m4$" out; ok "instructions: not run, and how to"
json info.json "[m['core'] for m in d['instructions']] == ['Cortex-M4', 'Cortex-M7', 'Cortex-M55'] and all(not m['run'] and '--measure' in m['why'] and m['instructions'] is None for m in d['instructions'])"; ok "document: likewise"
PATH=$work/none tl 0 model info "$model" --measure cortex-m4 --json info.json; grep -q "^instructions  Cortex-M4 *not run: arm-none-eabi-gcc is missing" out; ok "instructions without a compiler: not run, and why"
json info.json "'is missing' in d['instructions'][0]['why'] and all(b['instructions'] is None for b in d['boards'])"; ok "document: likewise"
tl 2 model info "$model" --measure m3 && grep -q "'m3' is none of" err; ok "an unknown core exits 2"
tl 0 model info "$model" --json - && json out "d['runs']" && [ ! -s err ]; ok "--json -: the document alone on stdout"

for file in "$source_dir"/tests/golden/ops/*.tflite; do # operators of every kind, those without outputs, too
  tl 0 model info "$file" --json ops.json -q && json ops.json "d['runs'] and len(d['ops']) == d['op_count'] > 0"; ok "info of $(basename "$file")"
done

# --- run
tl 0 model run "$model" --input "$in" --output got.bin && cmp -s got.bin "$out" && grep -q "16 cases of 64 bytes" err; ok "run gives the golden bytes"
tl 0 model run "$model" --input "$in" -o got.bin --batch 5 -q && cmp -s got.bin "$out" && [ ! -s err ]; ok "a batch that does not divide the cases gives the same"
tl 0 model run "$model" --input "$in" -o got.bin --batch 65536 && cmp -s got.bin "$out"; ok "a batch beyond the cases, too"
for path in scalar sse avx2 vnni neon; do
  if "$PROGRAM" model run "$model" --input "$in" -o got.bin --path $path --batch 3 2>err >out; then
    cmp -s got.bin "$out"; ok "path $path gives the same"
  else
    [ $? -eq 3 ] && grep -q "path" err; ok "path $path is refused here, and says so"
  fi
done
tl 0 model run "$model" --input "$in" -o got.bin --path scalar; ok "the scalar path is everywhere"
tl 0 model run "$model" --input <(cat "$in") -o got.bin && cmp -s got.bin "$out"; ok "a pipe may be read"
tl 0 model run "$model" --input "$in" -o once.bin --personality single && ! cmp -s once.bin "$out"; ok "--personality single gives other bytes"
tl 0 model run "$model" --input "$in" -o got.bin --personality single:FULLY_CONNECTED+ADD && cmp -s got.bin once.bin; ok "and so does its only kind of operator alone"
tl 0 model run "$model" --input "$in" -o got.bin --personality single:ADD && cmp -s got.bin "$out"; ok "and no operator that it has not"


# --- a model that keeps state: cases follow each other
stateful=$source_dir/tests/golden/ops/variable_fifo
tl 0 model info "$stateful.tflite" --json state.json -q && json state.json "d['state_bytes'] > 0"; ok "info shows the state"
tl 0 model run "$stateful.tflite" --input "$stateful.in.bin" -o got.bin && cmp -s got.bin "$stateful.out.bin"; ok "state passes from case to case"
tl 0 model run "$stateful.tflite" --input <(cat "$stateful.in.bin" "$stateful.in.bin") -o twice.bin && ! cmp -s <(tail -c "$(stat -c %s got.bin)" twice.bin) got.bin; ok "and is zeroed once, not for each file's worth"
tl 2 model run "$stateful.tflite" --input "$stateful.in.bin" -o got.bin --batch 2 && grep -q "bytes of state from case to case.*--batch 1" err; ok "so they do not run side by side"

# --- run, wrongly
cp "$in" kept.bin
tl 2 model run "$model" --input "$in" && grep -q "input and --output are needed" err; ok "a missing --output exits 2"
head -c 100 "$in" >short.bin
tl 4 model run "$model" --input short.bin -o kept.bin && grep -q "100 bytes are no whole number of cases: a case has 64 bytes, 36 are left over after 1 cases" err; ok "a short input exits 4 and says how short"
cmp -s kept.bin "$in"; ok "and leaves the output file alone"
tl 4 model run "$model" --input <(cat short.bin) -o got.bin && grep -q "no whole number" err; ok "a short pipe exits 4"
: >empty.bin
tl 4 model run "$model" --input empty.bin -o got.bin && grep -q "empty" err; ok "an empty input exits 4"
tl 4 model run "$model" --input nothing.bin -o got.bin && grep -q "nothing.bin: cannot read" err; ok "a missing input exits 4"
tl 4 model run "$model" --input "$in" -o nowhere/got.bin && grep -q "nowhere/got.bin: cannot write" err; ok "an output that cannot be made exits 4"
[ ! -e /dev/full ] || { tl 4 model run "$model" --input "$in" -o /dev/full && grep -q "cannot write" err; ok "a full disk exits 4"; }
tl 4 model run nothing.tflite --input "$in" -o got.bin && grep -q "nothing.tflite" err; ok "a missing model exits 4"
tl 4 model run "$in" --input "$in" -o got.bin && grep -q "TL0025" err && grep -q "not a TensorFlow Lite model" err; ok "what is no model exits 4"
tl 2 model run "$model" --input "$in" -o got.bin --batch 0; ok "--batch 0 exits 2"
cp "$in" own.bin; cp "$model" own.tflite
tl 2 model run "$model" --input own.bin -o own.bin && cmp -s own.bin "$in"; ok "an output that is the input is refused and left alone"
tl 2 model run own.tflite --input "$in" -o own.tflite && cmp -s own.tflite "$model"; ok "and so is the model itself"
tl 2 model run "$model" --input "$in" -o got.bin --personality doubel && grep -q "none of tflm, single" err; ok "an unknown personality exits 2"
tl 2 model run "$model" --input "$in" -o got.bin --personality single:CONV2D && grep -q "did you mean 'CONV_2D'" err; ok "a misspelt operator gets a hint"
tl 2 model run "$model" --input "$in" -o got.bin --path mmx; ok "an unknown path exits 2"
tl 2 model inform "$model" && grep -q "none of info, run, compare" err; ok "an unknown word exits 2"
tl 2 model info && grep -q "twinloop model info|run|compare M.tflite" err; ok "a missing model name exits 2"

# --- a model that is refused: everything that can be said, then the error
sed 's/\x09\x00\x00\x00\x01\x00\x00\x00\x09\x00\x00\x00/\x20\x00\x00\x00\x01\x00\x00\x00\x20\x00\x00\x00/' "$model" >custom.tflite
tl 4 model info custom.tflite --json custom.json && grep -q "refused: custom operator" out && grep -q "node 0.*custom operator" err; ok "a refused model is shown, then exits 4"
json custom.json "not d['runs'] and d['arena_bytes'] is None and [r['node'] for r in d['refusals']] == list(range(d['op_count'])) and all('custom operator' in r['reason'] for r in d['refusals'])"; ok "document: every refusal with its node"
json custom.json "d['error']['code'] == 'TL0025' and 'node 0' in d['error']['message']"; ok "document: the error as it was told"
head -c 1000 "$model" >cut.tflite
tl 4 model info cut.tflite; ok "a cut model exits 4"
for file in cut.tflite nothing.tflite custom.tflite; do
  tl 4 model info $file --json - && json out "not d['runs'] and d['error']['message'].startswith('$file')" && grep -q "^error" err; ok "--json - of $file: a document with the error"
  tl 4 model compare $file --personality tflm,single --json && json out "d['verdict'] == 'error' and d['error']['code'] in ('TL0020', 'TL0025')"; ok "of a comparison, too"
done
tl 4 model compare "$model" --personality tflm,single --input short.bin --json bad.json -q && json bad.json "'whole number of cases' in d['error']['message']"; ok "a comparison without whole cases"

# --- options of the other words
tl 2 model info "$model" --input "$in" && grep -q "model info takes no --input: it is for model run, compare" err; ok "an option of other words is refused, and theirs named"
tl 2 model run "$model" --input "$in" -o got.bin --seed 3 && grep -q "model run takes no --seed: it is for model compare" err; ok "run takes no --seed"
tl 2 model run "$model" --input "$in" -o got.bin --json -; ok "run writes no document"
tl 2 model compare "$model" --personality tflm,single --batch 3 && grep -q "it is for model run$" err; ok "compare takes no --batch"
for row in $(sed -nE 's/^OPTION\("model", "([a-z]+)".*NONE, "([a-z, ]+): .*|^OPTION\("model", "([a-z]+)".*(FILE|WORDS), "([a-z, ]+): .*/\1\3=\2\5/p' "$source_dir/tools/cli/options.def" | tr -d ' '); do
  [[ $row =~ ^[a-z]+=(info|run|compare)(,(info|run|compare))*$ ]]; ok "the table says which words take --$row"
done
tl 0 model info --json --quiet "$model" && json out "d['runs'] and d['error'] is None"; ok "--json before another option: stdout"
tl 0 model info "$model" --json && json out "d['runs']"; ok "--json at the end, too"
tl 0 model run "$model" --input "$in" -o spaced.bin --personality " single: FULLY_CONNECTED + ADD " -q; cmp -s spaced.bin once.bin; ok "blanks in a personality"

# --- compare
tl 0 model compare "$model" --personality tflm,tflm && grep -q "^equal" out; ok "a personality equals itself"
tl 0 model compare "$model" --personality tflm,single:ADD --cases 3 --json eq.json -q && json eq.json "d['verdict'] == 'equal' and d['first'] is None and d['cases'] == 3"; ok "and one that differs in nothing the model has"
tl 1 model compare "$model" --personality tflm,single --input "$in" --json diff.json; ok "other rounding exits 1"
grep -q "^first difference: node [0-9]* (FULLY_CONNECTED), case [0-9]*, element" out; ok "and the first place is named"
json diff.json "d['verdict'] == 'different' and d['first']['a'] != d['first']['b'] and d['first']['node'] == min(o['node'] for o in d['ops'] if o['differing'])"; ok "document: the first operator that differs, with both values"
json diff.json "d['differing'] == sum(o['differing'] for o in d['ops']) and all(0 <= o['differing'] <= o['elements'] and (o['largest'] > 0) == (o['differing'] > 0) for o in d['ops'])"; ok "document: counts of every operator"
tl 1 model compare "$model" --personality tflm,single --input "$in" --isolate --json alone.json -q && json alone.json "all(o['largest'] <= 1 for o in d['ops']) and d['isolated']"; ok "--isolate passes nothing on: one step at most"
tl 1 model compare "$model" --personality single,tflm --input "$in" --json back.json -q && json back.json "(d['first']['a'], d['first']['b']) == (lambda f: (f['b'], f['a']))(json.load(open('diff.json'))['first'])"; ok "the other way round the values change places"
tl 1 model compare "$model" --personality "tflm, single" --json spaced.json && grep -q "^  single  " out && json spaced.json "(d['a'], d['b']) == ('tflm', 'single')"; ok "blanks between two personalities"
tl 1 model compare "$model" --personality tflm,single --seed 7 --cases 20 --json a.json -q
tl 1 model compare "$model" --personality tflm,single --seed 7 --cases 20 --json b.json -q && cmp -s a.json b.json; ok "a seed gives the same inputs again"
tl 1 model compare "$model" --personality tflm,single --seed 8 --cases 20 --json b.json -q && ! cmp -s a.json b.json; ok "and another seed others"
tl 2 model compare "$model" --personality single && grep -q "two personalities are needed" err; ok "one personality is too few"
tl 2 model compare "$model" --personality a,b; ok "unknown ones exit 2"
tl 4 model compare "$model" --personality tflm,single --input short.bin; ok "a short input exits 4 here, too"

golden() { # golden STATUS LAST_LINE ARGUMENTS...
  local expected=$1 last=$2 status=0
  shift 2
  "$golden_kernels" "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" -eq "$expected" ] && [ "$(tail -n 1 "$work/out")" = "$last" ]
}

# --- golden_kernels, on the models that stand in the tree: every path and batch, the same bytes
count=$(($(wc -l <"$source_dir/tests/golden/ops/manifest.csv") - 1))
for path in scalar sse avx2 vnni neon; do
  "$PROGRAM" doctor --json - | grep -q "\"$path\"[],]" || { echo "not run: golden models on path $path"; continue; }
  for batch in 1 3; do
    golden 0 "$count passed, 0 failed, 0 skipped" --path $path --batch $batch "$source_dir/tests/golden/ops/manifest.csv"; ok "golden: models in the tree, path $path, batch $batch"
  done
done

# Rounded once, every path still gives the bytes of the scalar one.
for path in sse avx2 vnni neon; do
  "$PROGRAM" doctor --json - | grep -q "\"$path\"[],]" || continue
  differs=0
  for file in "$source_dir"/tests/golden/ops/{conv,dw,depthwise,fc,tconv}*.tflite "$model"; do
    given=${file%.tflite}.in.bin
    [ "$file" != "$model" ] || given=$in
    [ -f "$given" ] || continue
    "$PROGRAM" model run "$file" --input "$given" -o a.bin --personality single --path scalar -q || differs=1
    "$PROGRAM" model run "$file" --input "$given" -o b.bin --personality single --path $path --batch 3 -q || differs=1
    cmp -s a.bin b.bin || { echo "differs: $(basename "$file")"; differs=1; }
  done
  [ $differs -eq 0 ]; ok "rounded once on path $path"
done

# --- golden_kernels, on a folder of ours in both formats
mkdir -p ops golden models
cp "$model" ops/good.tflite && cp "$in" ops/good.in.bin && cp "$out" ops/good.out.bin
printf 'model,ops,cases,inputs,outputs,in_bytes_per_case,out_bytes_per_case,state\ngood,FULLY_CONNECTED,16,,,64,64,independent\n' >ops/manifest.csv
golden 0 "1 passed, 0 failed, 0 skipped" ops/manifest.csv; ok "golden: a good model passes"
golden 0 "1 passed, 0 failed, 0 skipped" --batch 7 --path scalar --verbose ops/manifest.csv && grep -q "^pass good: 1024 bytes" out; ok "golden: in batches, verbosely"
golden 1 "0 passed, 1 failed, 0 skipped" --personality single ops/manifest.csv && grep -q "^MISS good: [0-9]* of 1024 bytes differ; first: case" out; ok "golden: another personality misses"
(cd ops && golden 0 "1 passed, 0 failed, 0 skipped" manifest.csv); ok "golden: a list without a folder before it"
for bad in flipped short refused; do
  cp ops/good.tflite ops/$bad.tflite && cp ops/good.in.bin ops/$bad.in.bin && cp ops/good.out.bin ops/$bad.out.bin
  echo "$bad,FULLY_CONNECTED,16,,,64,64,independent" >>ops/manifest.csv
done
printf '\x55' | dd of=ops/flipped.out.bin bs=1 seek=130 conv=notrunc status=none
head -c 1000 "$out" >ops/short.out.bin
cp custom.tflite ops/refused.tflite
golden 1 "1 passed, 3 failed, 0 skipped" ops/manifest.csv; ok "golden: three ways to fail"
grep -q "^MISS flipped: 1 of 1024 bytes differ; first: case 2, output 0, element 2: got .*, expected 85" out; ok "golden: the wrong byte is named"
grep -q "^FAIL short: .*1000 bytes, expected 16 cases of 64" out; ok "golden: a file of the wrong size is named"
grep -q "^REFUSED refused: .*node 0.*custom operator" out; ok "golden: a refused model is named and failed"
golden 1 "1 passed, 2 failed, 1 skipped" --allow-refused ops/manifest.csv; ok "golden: --allow-refused skips it"
golden 0 "1 passed, 0 failed, 0 skipped" --model-filter goo ops/manifest.csv; ok "golden: --model-filter takes a part of the name"
cp "$model" models/good.tflite && cp "$in" golden/good.in.bin && cp "$out" golden/good.out.bin
printf 'file,model,kind,cases,state,tensor_index,tensor_name,op_index\ngood.in.bin,good,input,0-15,independent,0,"a,b",\ngood.out.bin,good,output,0-15,independent,9,x,\n' >golden/manifest.csv
last=$(("$(sed -n 's/.*"op_count": \([0-9]*\),.*/\1/p' info.json)" - 1))
tail -c 128 "$out" >golden/good.last.bin
echo "good.last.bin,good,intermediate,\"14,15\",independent,9,x,$last" >>golden/manifest.csv
golden 0 "2 passed, 0 failed, 0 skipped" golden/manifest.csv; ok "golden: a row a file, intermediate tensors too"
echo "good.last.bin,good,intermediate,\"13,15\",independent,9,x,$last" >>golden/manifest.csv
golden 1 "2 passed, 1 failed, 0 skipped" golden/manifest.csv && grep -q "^MISS good node $last (FULLY_CONNECTED): .* case 13" out; ok "golden: the wrong case is seen"
echo "good.last.bin,good,intermediate,\"14,15\",independent,9,x,99" >>golden/manifest.csv
golden 1 "2 passed, 2 failed, 0 skipped" golden/manifest.csv && grep -q "no operator 99" out; ok "golden: an operator that is not there"
golden 4 "" nothing.csv && grep -q "nothing.csv: cannot read" err; ok "golden: a missing list exits 4"
echo "a,b,c" >bad.csv
golden 4 "" bad.csv && grep -q "the first line names neither" err; ok "golden: another list exits 4"
golden 2 "" && grep -q "MANIFEST.csv is missing" err; ok "golden: no list exits 2"
golden 2 "" --batch x ops/manifest.csv; ok "golden: a bad number exits 2"
finish
