#!/usr/bin/env bash
# Shares a folder of captures between the workers of a running HyperQueue cluster and puts the
# parts together:
#
#   hyperqueue.sh CAPTURES OUT SHARDS [options of etalon batch]
#
# SHARDS is 2 at least. `hq` has to reach a server with workers (hq server start; hq worker start;
# or hq alloc add). etalon is on the PATH of every worker; CAPTURES and OUT are on a file system that
# all of them see. The same command again goes on where it stopped.
set -euo pipefail
(($# >= 3 && ${3:-0} >= 2)) || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
captures="$1" out="$2" shards="$3"
shift 3

# Exit code 1 says that a capture was rejected or failed. That is a finding and stands in the
# table; to HyperQueue it would be a task that failed. When a worker is lost, its tasks get a TERM;
# it has to reach etalon, whose lock would keep out the task that takes over.
task='etalon batch "$0" --out "$1" --shard "auto/$2" --threads 1 "${@:3}" &
trap "kill $!" TERM
wait $! || (($? == 1))'

# A task number is a part, counted from 1 (HQ_TASK_ID). A task whose worker is lost runs again and
# finds what was done in the journal of its part; so may it be lost often.
mkdir -p "$out/log"
hq submit --wait --name etalon --array "1-$shards" --cpus 1 --crash-limit 20 \
    --stdout "$out/log/%{TASK_ID}.out" --stderr "$out/log/%{TASK_ID}.err" \
    -- bash -c "$task" "$captures" "$out" "$shards" "$@"

etalon merge "$out"
