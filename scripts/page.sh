#!/usr/bin/env bash
# Builds the window's page into ui/dist, where the window takes it from. Does nothing where that is newer than its sources.
set -euo pipefail
cd "$(dirname "$0")/.."
# npm writes this file last, so it is older than the lock exactly when the packages are.
[ ui/node_modules/.package-lock.json -nt ui/package-lock.json ] || npm --prefix ui ci --prefer-offline --no-audit --no-fund
if [ ! -f ui/dist/index.html ] || [ -n "$(find ui/src ui/public ui/index.html ui/vite.config.ts ui/package-lock.json -newer ui/dist/index.html -print -quit)" ]; then
  npm --prefix ui run --silent build -- --logLevel warn
fi
