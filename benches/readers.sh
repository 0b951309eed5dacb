#!/bin/sh
# Etalon's readers beside RigolWFM, tm_data_types and numpy.fromfile, on the same files, in one run.
#
#     CORE=1 VENV=/tmp/readers-venv benches/readers.sh [RECORD.jsonl]
#
# Needs ETALON_SHARED (the folder with captures/), python3 with venv, and for the first run the
# package index. Prints a table; every line behind it goes to RECORD when one is named.
set -eu
cd "$(dirname "$0")/.."
: "${ETALON_SHARED:=../shared}"
VENV=${VENV:-${TMPDIR:-/tmp}/etalon-readers-venv}
WORK=$(mktemp -d)
trap 'rm -r "$WORK"' EXIT
# tm_data_types fails with NumPy 2 (its numba).
[ -x "$VENV/bin/python" ] || {
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install -q 'numpy==1.26.4' 'RigolWFM==1.6.0' 'tm_data_types==0.5.0'
}
cargo build -q --release --locked -p etalon-captures --example readers
cargo build -q --release --locked
BIN=${CARGO_TARGET_DIR:-target}/release
# Beside the real files, which are small, the same formats with 2^23 samples, and text of every
# kind; all but this one are made by readers.py.
"$BIN/etalon" simulate link --symbols 4194304 --samples-per-symbol 2 --seed 1 -q \
    --format trc --out "$WORK/large.trc" > "$WORK/simulated"
exec 3> "${1:-/dev/null}"
printf '{"record":"readers","date":"%s","commit":"%s","cpu":"%s","system":"%s","rustc":"%s","load":"%s"}\n' \
    "$(date -u +%FT%TZ)" "$(git rev-parse --short HEAD)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" \
    "$(uname -sm), $(nproc) cores" "$(rustc -V)" "$(cut -d' ' -f1-3 /proc/loadavg)" >&3
taskset -c "${CORE:-0}" "$VENV/bin/python" benches/readers.py \
    "$BIN/examples/readers" "$ETALON_SHARED/captures" "$WORK" >&3
