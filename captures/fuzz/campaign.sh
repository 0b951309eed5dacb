#!/bin/sh
# Fuzzes every reader: ten CPU-minutes a format, an hour for those that most scopes write.
#
#   captures/fuzz/campaign.sh STATE            builds if STATE has no binary, runs or goes on
#   captures/fuzz/campaign.sh STATE --only TARGET...   the same with these targets alone
#   captures/fuzz/campaign.sh STATE --build    builds again, as after a repair, then goes on
#   captures/fuzz/campaign.sh STATE --status   says how far it is
#   captures/fuzz/campaign.sh STATE --finish   writes docs/validation/fuzz.jsonl
#
# One process, at the lowest priority; it can be stopped at any time, and the same command goes
# on; run twice, it uses two cores. Everything that runs is a copy in STATE, so that the working
# tree can change meanwhile.
set -eu
[ $# -ge 1 ] || { sed -n '2,13p' "$0"; exit 2; }
cd "$(dirname "$0")/../.."
state=$1
mkdir -p "$state"
if [ ! -x "$state/fuzz" ] || [ "${2:-}" = --build ]; then
    commit=$(git rev-parse --short=12 HEAD)
    git diff --quiet HEAD -- captures types || commit="$commit, changed"
    cp "$(captures/fuzz/build.sh)" "$state/fuzz"
    cargo build --locked --release -p etalon-captures --example fuzz_campaign
    cp "${CARGO_TARGET_DIR:-target}/release/examples/fuzz_campaign" "$state/campaign"
    echo "$commit" >"$state/commit"
fi
case "${2:-}" in
--status) exec "$state/campaign" status "$state" ;;
--finish) exec "$state/campaign" finish "$state" docs/validation/fuzz.jsonl ;;
esac
# Pairs of files are written and read thousands of times a second: in memory where there is some.
[ -d /dev/shm ] && export TMPDIR=/dev/shm
shift
[ "${1:-}" != --build ] || shift
[ "${1:-}" != --only ] || shift
exec nice -n 19 "$state/campaign" run "$state" "$@"
