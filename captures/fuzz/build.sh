#!/bin/sh
# Builds the fuzz targets with bolero's libFuzzer engine, guided by coverage, on a stable
# toolchain: what `cargo bolero test --sanitizer NONE` does, in a build that can be kept.
# Needs a C++ compiler for libFuzzer. Prints the path of the test binary.
set -eu
cd "$(dirname "$0")/../.."
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing --cfg fuzzing_libfuzzer -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares \
-Cllvm-args=-sanitizer-coverage-stack-depth \
-Cdebug-assertions=on -Coverflow-checks=on -Ccodegen-units=1" \
    cargo test --locked --release --target "$host" --target-dir "${CARGO_TARGET_DIR:-target}/fuzz" \
    -p etalon-captures --test fuzz --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
