#!/usr/bin/env bash
# A real Slurm on this machine, from Debian's packages: munged, slurmctld and one slurmd, with their
# configuration in a folder of their own and ports that were free. docs/cluster/slurm.sh sends four
# parts and the job that merges them. One part is requeued in its middle, which kills it. The bytes
# are those of a run that nothing was shared in. Root is not needed.
name=slurm
# shellcheck source=tests/cluster/stage.sh
source "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

export PATH="$PATH:/usr/sbin:/sbin"
for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null ||
        left_out "there is no $program: apt-get install slurmctld slurmd slurm-client munge"
done
say "$(slurmctld -V)"
captures 40
unsharded
cd "$work"

host="$(hostname -s)"
user="$(id -un)"
read -r ctld_port slurmd_port < <(python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
)
mkdir state spool munge
# A requeued job waits until credentials of its first start have expired: 2 min if not told.
cat >slurm.conf <<CONF
ClusterName=etalon
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ctld_port
SlurmdPort=$slurmd_port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket,cred_expire=10
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SwitchType=switch/none
MpiDefault=none
KillWait=1
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
# slurmd wants a plugin although nothing here is a control group; this one makes none at its start,
# so that it also comes up in a container that may not.
echo 'CgroupPlugin=cgroup/v1' >cgroup.conf
export SLURM_CONF="$work/slurm.conf"

# Jobs do not end with slurmd.
before_the_end() {
    timeout 10 scancel --signal=KILL --full --user="$user" || true
    timeout 10 scancel --user="$user" || true
    for _ in $(seq 100); do
        [[ -n "$(timeout 10 squeue --noheader)" ]] || break
        sleep 0.1
    done
} 2>/dev/null

head -c 1024 /dev/urandom >munge/key
chmod 600 munge/key
munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" \
    --pid-file="$work/munge/pid" --log-file="$work/munge/munged.log" \
    --seed-file="$work/munge/seed" >munged.log 2>&1 &
keep
wait_for 30 "the start of munged" test -S munge/socket
slurmctld -D >slurmctld.log 2>&1 &
keep
slurmd -D >slurmd.log 2>&1 &
keep
idle() {
    [[ "$(sinfo --noheader --format=%T)" == idle ]]
}
wait_for 60 "a node that is idle" idle

jobs="$("$examples/slurm.sh" captures shared 4 "${options[@]}")"
read -r array merge <<<"$jobs"

in_part_1() {
    in_the_middle shared/shard-1-of-4
}
# In a loop of its own: the moment is short.
end=$((SECONDS + 60))
until in_part_1; do
    ((SECONDS < end)) || fail "part 1 was never in its middle"
done
# Slurm takes its time; meanwhile the part is held where it is.
kill -STOP "$(cat shared/shard-1-of-4/journal.jsonl.lock)"
in_part_1 || fail "part 1 was over before it could be held"
scontrol requeue "${array}_1"
gone() {
    [[ "$(squeue --noheader --array --states=all --job "${array}_1" --format=%T)" == PENDING ]]
}
wait_for 60 "the end of part 1" gone
cp shared/shard-1-of-4/journal.jsonl killed.jsonl
[[ ! -e shared/shard-1-of-4/manifest.json ]] || fail "part 1 was over before it was requeued"
say "part 1 requeued, $(done_in shared/shard-1-of-4) captures done"

state_of() {
    scontrol show job "$1" | sed -n 's/.*\(JobState=[A-Z]*\).*/\1/p; s/.*\(ExitCode=[0-9:]*\).*/\1/p' |
        tr '\n' ' '
}
over() {
    [[ "$(state_of "$merge")" =~ COMPLETED|FAILED|CANCELLED|TIMEOUT ]]
}
wait_for 120 "the job that merges" over
# 1: a capture was rejected, and the job that merges is the one that says so.
[[ "$(state_of "$merge")" =~ ExitCode=1:0 ]] || fail "the job that merges: $(state_of "$merge")"
went_on shared/shard-1-of-4 killed.jsonl
same_as_unsharded shared "4 parts"
