#!/usr/bin/env bash
# Writes the list of crates in THIRD-PARTY-NOTICES.md anew from Cargo.lock. `make test` says when that is needed.
set -euo pipefail
cd "$(dirname "$0")/.."
VIDERE_WRITE_NOTICES=1 cargo test --quiet --locked --test it tidy::notices
git diff --stat -- THIRD-PARTY-NOTICES.md
