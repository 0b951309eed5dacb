#!/usr/bin/env bash
# The recipes for Dask and Snakemake, each run once on this machine, from pip (some 100 MB): four
# parts, a Dask worker that is killed in the middle of one, and the bytes of a run that nothing was
# shared in. Not part of .ci/run.
name=recipes
# shellcheck source=tests/cluster/stage.sh
source "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

venv "$work/venv" 'dask[distributed]' snakemake ||
    left_out "pip cannot install dask and snakemake: $(tail -n 1 "$work/venv.log")"
say "$("$work/venv/bin/pip" list 2>/dev/null | grep -E '^(distributed|snakemake) ' | tr -s ' \n' ' ')"
captures 20
unsharded
cd "$work"
export PATH="$work/venv/bin:$PATH"

# Dask: the cluster that the script starts by itself.
"$examples/with_dask.py" captures by-dask 4 "${options[@]}" >dask.log 2>&1 || fail "with_dask.py"
same_as_unsharded by-dask "4 parts by a Dask cluster of its own"

# Dask: a scheduler and workers of its own, one of which is killed; its etalon lives on for a while.
dask scheduler --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file dask.json \
    >scheduler.log 2>&1 &
keep
wait_for 60 "the start of the scheduler" test -s dask.json
worker() {
    dask worker --scheduler-file dask.json --nworkers 1 --nthreads 1 --no-nanny --no-dashboard \
        --local-directory "dask-$1" --name "$1" >"worker-$1.log" 2>&1 &
    pid=$!
    keep
    wait_for 60 "the start of worker $1" grep -q "Registered to" "worker-$1.log"
}
worker 1
victim="$pid"
DASK_SCHEDULER_ADDRESS="$(sed -n 's/.*"address": "\([^"]*\)".*/\1/p' dask.json)"
export DASK_SCHEDULER_ADDRESS
"$examples/with_dask.py" captures by-dask-2 4 "${options[@]}" >dask.log 2>&1 &
client=$!
started+=("$client")
busy() {
    for part in 1 2 3 4; do
        in_the_middle "by-dask-2/shard-$part-of-4" && return
    done
    return 1
}
end=$((SECONDS + 60))
until busy; do
    ((SECONDS < end)) || fail "the first worker was never in the middle of a part"
done
kill -9 "$victim"
cp "by-dask-2/shard-$part-of-4/journal.jsonl" killed.jsonl
[[ ! -e "by-dask-2/shard-$part-of-4/manifest.json" ]] || fail "part $part was over too early"
worker 2
wait "$client" || fail "with_dask.py ended with $?"
unset DASK_SCHEDULER_ADDRESS
went_on "by-dask-2/shard-$part-of-4" killed.jsonl
same_as_unsharded by-dask-2 "4 parts by Dask, worker killed in part $part"

snakemake -s "$examples/Snakefile" --cores 2 --config captures=captures out=by-snakemake shards=4 \
    options="${options[*]}" >snakemake.log 2>&1 || fail "snakemake ended with $?"
same_as_unsharded by-snakemake "4 parts by Snakemake"
