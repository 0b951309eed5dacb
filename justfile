# Eight recipes, each a command that also works without just.

# the whole chain on the simulated bench; the report goes to ./etalon-demo/
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# what the README promises
test *ARGS:
    cargo test --release {{ARGS}}

# warnings are errors
lint:
    cargo clippy --workspace --all-targets --release -- -D warnings

# rewrite to the house format
fmt:
    cargo fmt --all

# the reference pages, opened in a browser
docs:
    cargo doc --no-deps --release --open

# throughput, by the records' own command
bench *ARGS:
    cargo bench {{ARGS}}

# all that has to be green before a change is merged
ci:
    .ci/run

# both programs into ~/.cargo/bin (etalon-tables takes ten minutes)
install:
    cargo install --path . --locked
    cargo install --path tables --locked
