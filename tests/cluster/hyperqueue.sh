#!/usr/bin/env bash
# A real HyperQueue cluster on this machine, from pip: a server, two workers, four parts. One
# worker is killed in the middle of its part; another takes the part over. The bytes are those of a
# run that nothing was shared in. Where `hq` is installed, docs/cluster/hyperqueue.sh is run as well.
name=hyperqueue
# shellcheck source=tests/cluster/stage.sh
source "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

venv "$work/venv" hyperqueue || left_out "pip cannot install hyperqueue: $(tail -n 1 "$work/venv.log")"
python="$work/venv/bin/python"
say "$("$work/venv/bin/pip" list 2>/dev/null | grep hyperqueue | tr -s ' ')"
captures 40
unsharded
cd "$work"

# node LOG ROLE...: sets pid.
node() {
    local log="$1"
    shift
    "$python" "$root/tests/cluster/hyperqueue_node.py" "$@" >"$work/$log.log" 2>&1 &
    pid=$!
    keep
    wait_for 60 "the start of $log" grep -q "^$1" "$work/$log.log"
}

# The part that a worker of one processor is at, by the environment of its task.
part_of() {
    local task
    for task in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        { tr '\0' '\n' <"/proc/$task/environ"; } 2>/dev/null | sed -n 's/^HQ_TASK_ID=//p'
    done
}

# Whether the part that the victim works on is in its middle; sets part.
victim_is_busy() {
    part="$(part_of "$victim")"
    [[ -n "$part" ]] && in_the_middle "shared/shard-$part-of-4"
}

node server server "$work/hq"
node worker1 worker "$work/hq" "$work/own1"
victim="$pid"
node worker2 worker "$work/hq" "$work/own2"

export HQ_SERVER_DIR="$work/hq"
"$python" "$examples/with_hyperqueue.py" captures shared 4 "${options[@]}" >client.log 2>&1 &
client=$!
started+=("$client")

part=
end=$((SECONDS + 60))
until victim_is_busy; do
    ((SECONDS < end)) && kill -0 "$client" 2>/dev/null || fail "the first worker was never in the middle of a part"
done
kill -9 "$victim"
cp "shared/shard-$part-of-4/journal.jsonl" killed.jsonl
[[ ! -e "shared/shard-$part-of-4/manifest.json" ]] || fail "part $part was over before its worker was killed"
say "worker killed in part $part, $(done_in "shared/shard-$part-of-4") captures done"
node worker3 worker "$work/hq" "$work/own3"

wait "$client" || fail "the job ended with $?"
went_on "shared/shard-$part-of-4" killed.jsonl
same_as_unsharded shared "4 parts"

if command -v hq >/dev/null; then
    export HQ_SERVER_DIR="$work/hq-program"
    hq server start >hq-server.log 2>&1 &
    keep
    wait_for 60 "hq server" hq server info
    hq worker start --cpus 2 >hq-worker.log 2>&1 &
    keep
    "$examples/hyperqueue.sh" captures by-hq 4 "${options[@]}" >by-hq.log 2>&1 ||
        (($? == 1)) || fail "docs/cluster/hyperqueue.sh ended with an error"
    same_as_unsharded by-hq "4 parts by $(hq --version)"
else
    say "docs/cluster/hyperqueue.sh left out: no hq on the PATH (pip has the library alone)"
fi
