#!/usr/bin/env bash
# Times `etalon batch` over the captures of make.sh on one core and on two, and the peers' loop over
# a sample of them on one core, in one run on one machine. Prints one JSON object a line.
# Usage: run.sh FOLDER [PEERS_SAMPLE]
set -euo pipefail
folder="$1" sample="${2:-60}"
etalon="${ETALON:-etalon}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
count="$(find "$folder" -name 'c*.npy' -o -name 'c*.trc' -o -name 'c*.bin' | wc -l)"

# Seconds of a batch of the files of a list on so many cores.
seconds() {
    local cores="$1" list="$2" out="$work/run-$1" status=0
    rm -rf "$out"
    taskset -c "0-$((cores - 1))" "$etalon" batch --files-from "$list" -o "$out" --baud 26.5625G \
        --sample-rate 53.125G --no-cache --threads "$cores" --json --quiet >"$work/result" || status=$?
    ((status <= 1)) || { cat "$work/result" >&2; exit "$status"; }
    python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["wall_s"], d["in"], d["ok"]+d["flagged"])' "$work/result"
}

find "$folder" -name 'c*.npy' -o -name 'c*.trc' -o -name 'c*.bin' | sort >"$work/all"
# A tenth of the captures for the comparison of cores; all of them in the record's own run.
awk 'NR % 10 == 1' "$work/all" >"$work/tenth"
read -r one_s one_n _ < <(seconds 1 "$work/tenth")
read -r two_s two_n _ < <(seconds 2 "$work/tenth")
python3 - "$count" "$one_s" "$one_n" "$two_s" "$two_n" <<'PYTHON'
import json, sys
count, one_s, one_n, two_s, two_n = map(float, sys.argv[1:])
print(json.dumps({"bench": "batch", "captures_there": int(count), "captures": int(one_n),
                  "per_s_one_core": one_n / one_s, "per_s_two_cores": two_n / two_s,
                  "scaling": (two_n / two_s) / (one_n / one_s)}))
PYTHON
if [[ -n "${PEERS_PYTHON:-}" ]]; then
    awk -v n="$sample" '/\.(trc|bin)$/ && ++k <= n' "$work/all" >"$work/sample"
    taskset -c 0 "$PEERS_PYTHON" "$here/peer_loop.py" "$work/sample"
    read -r ours_s ours_n _ < <(seconds 1 "$work/sample")
    python3 -c 'import json,sys; print(json.dumps({"bench":"batch, the same files","captures":int(sys.argv[2]),"s_a_capture":float(sys.argv[1])/int(sys.argv[2])}))' "$ours_s" "$ours_n"
fi
