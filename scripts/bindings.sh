#!/bin/sh
# Writes the page's types from src/api/window. `cargo test` with the same flags fails where they are stale.
set -eu
cd "$(dirname "$0")/.."
VIDERE_WRITE_BINDINGS=1 cargo test --locked --no-default-features --features bindings --test bindings
