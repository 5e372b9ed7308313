#!/usr/bin/env bash
# score PAIR.csv and golden_cases: what they say, and how each wrong file and call ends.
# usage: test_pair.sh PROGRAM SOURCE GOLDEN_CASES
PROGRAM=$1
source_dir=$2
golden=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1

# score ARGUMENTS...: `score pair.csv --time t ... --json out.json`
score() { tl 0 score pair.csv --time t --json out.json "$@"; }

printf 't,ref,sim,other\n0,1,1,2\n1,2,2.5,2\n2,4,4,2\n3,3,3,2\n' >pair.csv
score; ok "the cheap metrics"
json out.json "d['schema'] == 'twinloop.pair/1' and d['rows'] == 4 and abs(d['metrics']['rmse']['value'] - 0.25) < 1e-15 and d['metrics']['rmse']['status'] == 'ok' and 'kge' not in d['metrics']"; ok "rmse of four rows"
score --metric rmse,dtw_euclid && json out.json "list(d['metrics']) == ['rmse', 'dtw_euclid', 'dtw_euclid_warp']"; ok "named metrics, the warp beside the warped"
score --metric all --params '{"mad": 0.5, "stride": 2, "eps": 0.1, "atoly": 0.1, "tolerance": 1, "threshold": 2}'; ok "all"
json out.json "len(d['metrics']) > 60 and d['parameters']['mad'] == 0.5 and d['parameters']['stride'] == 2 and d['metrics']['nw_pct_matched']['value'] == 100 and 'crps_ens_mean' not in d['metrics']"; ok "all that a pair allows, with the parameters used"
score --sim other --metric pearson_r && json out.json "d['metrics']['pearson_r'] == {'value': None, 'unit': '1', 'status': 'undefined', 'reason': 'the simulation is constant'}"; ok "undefined is null, with a reason"
score --ref other --metric cvrmse_pct --params '{"p": 4}' && json out.json "d['metrics']['cvrmse_pct']['reason'].startswith('not more samples than fitted')"; ok "p takes all samples"
score --unit degC --metric rmse && json out.json "d['metrics']['rmse']['unit'] == 'K'"; ok "a unit"
tl 0 score pair.csv --metric rmse,kge --ref ref && grep -Eq '^rmse +0.25 $' out; ok "the table for people; time is optional"

printf 't,ref,sim\n0,1,\n1,NA,2\n2,nan,3\n3,5,5\n4,6,inf\n' >pair.csv
score --metric mae && json out.json "d['missing_ref'] == 2 and d['missing_sim'] == 2 and d['metrics']['mae']['value'] == 0"; ok "missing values are left out and counted"
printf 't,ref,sim\n0,1,1\n' >pair.csv
score --metric all && json out.json "d['metrics']['rmse']['value'] == 0 and d['metrics']['iso18571_R']['value'] is None"; ok "one row"
printf 't,ref,sim\n0,,\n1,,\n' >pair.csv
score --metric all && json out.json "all(v['value'] is None and v['reason'] for v in d['metrics'].values())"; ok "nothing but holes: every metric says so"

printf 'obs,m1,m2,m3\n0,1,-1,0\n1,2,0,1\n' >pair.csv
tl 0 score pair.csv --ref obs --members m1..m3 --params '{"estimator": "fair", "alpha": 0.2}' --json out.json && json out.json "d['members'] == 3 and abs(d['metrics']['crps_ens_mean']['value']) < 1e-15 and list(d['metrics']) == ['crps_ens_mean', 'crps_gaussian_mean', 'interval_score_mean', 'coverage90'] and d['parameters']['estimator'] == 'fair'"; ok "an ensemble"
tl 0 score pair.csv --ref obs --members m1,m3 --json out.json && json out.json "d['members'] == 2"; ok "members by name"
tl 4 score pair.csv --ref obs --members m1..m4 && grep -q "no column 'm4'\|m4" err; ok "a member that is not there"
tl 2 score pair.csv --ref obs --members m3..m1 && grep -q "'m3..m1' is no range of columns such as m1..m8" err; ok "a range backwards"

printf 't,ref,sim\n0,1,1\n2,1,1\n1,1,1\n' >pair.csv
tl 4 score pair.csv --time t && grep -q "time goes back from 2 to 1" err && grep -q "pair.csv:4" err && grep -q "sort the rows" err; ok "time that goes back"
printf 't,ref,sim\n0,1,1\n1,warm,1\n' >pair.csv
tl 4 score pair.csv --time t && grep -q "column ref: 'warm' is not a number" err && grep -q "pair.csv:3" err; ok "text in a number"
printf 't,ref,sim\n0,1,1\n,1,1\n' >pair.csv
tl 4 score pair.csv --time t && grep -q "the time t is missing" err && grep -q "pair.csv:3" err; ok "time that is missing"
tl 4 score pair.csv --sim sym && grep -q "did you mean 'sim'" err; ok "a column that is not there: the nearest"
printf 't,ref,sim\n' >pair.csv
tl 3 score pair.csv && grep -q "pair.csv has a header, but no rows" err; ok "no rows"
: >pair.csv
tl 4 score pair.csv; ok "an empty file"
tl 4 score nowhere.csv; ok "no file"
printf 't,ref,sim\n0,1,1\n' >pair.csv
tl 3 score pair.csv --metric rmsd && grep -q "no metric 'rmsd'" err && grep -q "did you mean 'rmse'" err; ok "an unknown metric"
tl 2 score pair.csv --params '{"mat": 1}' && grep -q "did you mean 'mad'" err; ok "an unknown parameter"
tl 2 score pair.csv --params 'mad=1' && grep -q "is no JSON object" err; ok "parameters that are no JSON"
tl 2 score pair.csv --params '{"mad": [1]}' && grep -q "'mad' is neither a number nor a text" err; ok "a list as parameter"
tl 2 score pair.csv --params '{"mad": -1}' && grep -q "mad = -1: expected above 0" err; ok "a parameter out of range"

# --- the same metrics of a run against its recording
recording=$source_dir/assets/recordings/incubator_synthetic.h5
tl 0 run "$source_dir/scenarios/regression/incubator_recorded.lua" -o own -q; ok "a run"
tl 0 score own "$recording" --json plain.json && tl 0 score own "$recording" --metric rmse,iso18571_R,nw_pct_matched --params '{"mad": 0.5, "stride": 8, "dt": 3}' --json out.json; ok "metrics of a channel by name"
json out.json "list(d['channels']['box_K']) == ['rmse', 'iso18571_R', 'nw_pct_matched'] and 0 < d['channels']['box_K']['iso18571_R']['value'] <= 1 and d['channels']['box_K']['rmse'] == json.load(open('plain.json'))['channels']['box_K']['rmse']"; ok "they stand in place of the others, with the same bits"
tl 3 score own "$recording" --metric isso && grep -q "no metric 'isso'" err; ok "a run: an unknown metric"
tl 0 score own "$recording" --metric lcss && grep -q "undefined: needs the parameter eps" out; ok "a run: the reason in the table"

# --- golden tables
mkdir series
printf 't,ref,sim\n0,1,1\n1,2,3\n' >series/a.csv
printf 'case,metric,params,expected,source,note\na,rmse,{},0.7071067811865476,numpy formula,\na,theil_u2,{},nan,x,undefined\na,kge,{},1,x,"ill-conditioned: skip"\na,lcss,"{""eps"": 0.1}",0.5,x,\n' >cases.csv
"$golden" cases.csv >out 2>err
[ $? -eq 1 ] && grep -q 'MISS a theil_u2 {}: 1, expected nan' out && tail -n 1 out | grep -qx '2 passed, 1 failed, 1 skipped'; ok "golden: a miss is printed and counted"
sed -i '/theil/d' cases.csv && "$golden" cases.csv >out 2>err && grep -qx '2 passed, 0 failed, 1 skipped' out; ok "golden: no miss"
printf 'b,rmse,{},1,x,\n' >>cases.csv
"$golden" cases.csv >out 2>err
[ $? -eq 4 ] && grep -q "series/b.csv" err; ok "golden: a series that is not there"
"$golden" >out 2>err
[ $? -eq 2 ] && grep -q "CASES.csv is missing" err; ok "golden: no table"
"$golden" --help >out 2>err && grep -q "usage: golden" out; ok "golden: help"
shared=$source_dir/../shared/data/fidelity-golden/cases.csv
if [ -f "$shared" ]; then
  "$golden" "$shared" >out 2>err
  ! grep MISS out | grep -vq ' kgenp'; ok "golden: every row of the shared table but ranks of equal values, which depend on a sort"
else
  echo "SKIP: the shared golden table is missing"
fi
finish
