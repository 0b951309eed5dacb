# What the tests of a cluster share: where they stand, the captures, the run to compare with, and
# how they end. Sourced, after `name` is set; gives $work, $root and etalon on the PATH.
#
# ETALON names the binary; without it, it is the one that `cargo build --release` leaves.
set -euo pipefail
exec </dev/null

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
examples="$root/docs/cluster"

# A user may lack what a cluster is made of; where CI=true, that is a failure.
left_out() {
    if [[ "${CI:-}" == true ]]; then
        printf 'FAILED: %s: %s\n' "$name" "$1" >&2
        exit 1
    fi
    printf '%s: left out: %s\n' "$name" "$1"
    exit 0
}

fail() {
    printf 'FAILED: %s: %s\n' "$name" "$1" >&2
    exit 1
}

say() {
    printf '%s: %s\n' "$name" "$1"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds, however loaded the machine is.
wait_for() {
    local end=$((SECONDS + $1)) what="$2"
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || fail "$what did not happen"
        sleep 0.05
    done
}

# Processes that the test started, in this order. All of them end with it, on every path.
started=()

# For a test whose cluster has to be asked to end what it runs.
before_the_end() {
    :
}

# The last background process is one of them; that it is killed at the end is no news.
keep() {
    started+=("$!")
    disown "$!"
}

end_all() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${started[@]}"; do
        for _ in $(seq 10); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
    started=()
}

binary="${ETALON:-${CARGO_TARGET_DIR:-$root/target}/release/etalon}"
[[ -x "$binary" ]] || left_out "there is no $binary: cargo build --release"

# Short: sockets are in it, and their paths have an end at 107 bytes. Jobs may run as another user.
work="$(mktemp -d /tmp/etalon-cluster.XXXXXX)"
chmod 755 "$work"
ended() {
    local status=$?
    trap - EXIT INT TERM
    before_the_end
    end_all
    # The last words of what failed are the only trace once the folder is gone.
    if ((status != 0)); then
        find "$work" \( -name '*.log' -o -name '*.err' \) -size +0 -exec tail -n 20 {} + >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$work/bin"
cp "$binary" "$work/bin/etalon"
export PATH="$work/bin:$PATH"
# Whatever was computed before, it is computed again here.
readonly options=(--baud 26.5625G --no-cache)

# captures COUNT: so many, and one that ends too early: a finding, which must stop no scheduler.
captures() {
    local seed
    mkdir "$work/captures"
    for seed in $(seq "$1"); do
        etalon simulate link --out "$work/captures/$seed.trc" --format trc --symbols 65536 \
            --baud 26.5625G --samples-per-symbol 2 --pattern prbs13q --snr 18dB --seed "$seed" \
            >/dev/null
    done
    head -c 3000 "$work/captures/1.trc" >"$work/captures/cut.trc"
}

# The run that nothing was shared in; the tests stand in $work, so that paths are short.
unsharded() {
    local status=0
    (cd "$work" && etalon batch captures --out whole "${options[@]}") \
        >"$work/whole.log" 2>&1 || status=$?
    ((status == 1)) || fail "the unsharded run ended with $status instead of 1"
}

# same_as_unsharded FOLDER: byte for byte.
same_as_unsharded() {
    local table
    for table in rows.csv rows.jsonl manifest.json; do
        cmp "$work/whole/$table" "$1/$table" || fail "$table differs from the unsharded run's"
    done
    say "$(wc -l <"$1/rows.jsonl") rows in $2: rows.csv, rows.jsonl and manifest.json are those of the unsharded run"
}

# Captures that are done, by the journal of a part.
done_in() {
    local count
    count="$(grep -c '"kind":"file"' "$1/journal.jsonl" 2>/dev/null)" || true
    echo "${count:-0}"
}

# Says whether a part is in the middle: something was done, and it is not at its end.
in_the_middle() {
    (($(done_in "$1") >= 1)) && [[ ! -e "$1/manifest.json" ]]
}

# went_on FOLDER BEFORE: the journal that was there when the part was killed is still the beginning
# of what it has become (but for a line that was torn), and no capture was entered twice.
went_on() {
    local lines twice
    lines="$(wc -l <"$2")"
    ((lines > 0)) || fail "the journal that was kept is empty"
    cmp <(head -n "$lines" "$1/journal.jsonl") <(head -n "$lines" "$2") ||
        fail "the journal of $1 was begun anew"
    twice="$(sed -n 's/.*"kind":"file","data":{"path":"\([^"]*\)".*/\1/p' "$1/journal.jsonl" |
        sort | uniq -d)"
    [[ -z "$twice" ]] || fail "done twice in $1: $twice"
}

# venv FOLDER PACKAGE...: from pip, in an environment of its own.
venv() {
    local folder="$1"
    shift
    python3 -m venv "$folder" >"$work/venv.log" 2>&1 && "$folder/bin/pip" install --quiet \
        --disable-pip-version-check "$@" >>"$work/venv.log" 2>&1
}
