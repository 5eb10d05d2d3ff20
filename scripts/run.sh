#!/usr/bin/env bash
# What `make run` does once the machine is set up.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/cache.sh seed
cargo run --locked --quiet -- "$@"
