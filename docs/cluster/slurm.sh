#!/usr/bin/env bash
# Shares a folder of captures between the tasks of a Slurm array, and has a second job put the
# parts together once all of them are done:
#
#   slurm.sh CAPTURES OUT SHARDS [options of etalon batch]
#
# SHARDS is 2 at least. etalon is on the PATH of every node (jobs take over the PATH from here);
# CAPTURES and OUT are on a file system that all of them see. SBATCH_PARTITION, SBATCH_ACCOUNT and
# SBATCH_TIMELIMIT do what they always do. The same command again goes on where it stopped.
# Prints the number of the array job and that of the one that merges.
set -euo pipefail
(($# >= 3 && ${3:-0} >= 2)) || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
captures="$1" out="$2" shards="$3"
shift 3
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

mkdir -p "$out/log"
array="$(sbatch --parsable --array="1-$shards" --output="$out/log/%a.log" \
    "$here/slurm.sbatch" "$captures" "$out" "$@")"
# Its exit code 1 is kept: the job that merges is the one that says how it all went.
merge="$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes \
    --job-name=etalon-merge --ntasks=1 --output="$out/log/merge.log" \
    --wrap "$(printf 'etalon merge %q' "$out")")"
echo "$array $merge"
