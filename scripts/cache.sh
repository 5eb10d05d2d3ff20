#!/usr/bin/env bash
# Keeps compiled dependencies outside the clone, so that a fresh clone starts warm.
#
#   cache.sh seed   a clone without target/ gets a copy of the newest snapshot
#   cache.sh keep   a snapshot of target/ is put aside, once for each set of dependencies
#
# A snapshot is a copy, not a shared target folder: cargo tells two clones apart neither by path nor by content, and
# takes one's library for the other's when the files are older than the build. A snapshot holds nothing of our own
# packages, is never written to again, and appears by one rename, so two clones at once do each other no harm.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${VIDERE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/videre-build}
kept_snapshots=2

# Whoever chose a target folder has a reason, and its warmth with it.
[ -n "${CARGO_TARGET_DIR:-}" ] && exit 0
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || exit 0

hash_of() { cksum | tr ' ' '-'; }

# What makes compiled dependencies useless to each other: the compiler, and the FFmpeg that the binding was read from.
toolchain=$( { rustc -vV; pkg-config --modversion libavutil libavcodec libavformat libswscale 2>/dev/null || true; } | hash_of)
dependencies=$(cat Cargo.lock Cargo.toml | hash_of)
snapshot="$cache/$toolchain/$dependencies"

copy_tree() { # from, to: keeps times, which is what cargo goes by; shares blocks where the file system can
  case "$(uname -s)" in
    Darwin) cp -Rpc "$1" "$2" 2>/dev/null || cp -Rp "$1" "$2" ;;
    *) cp -a --reflink=auto "$1" "$2" ;;
  esac
}

seed() {
  [ -e target ] && return 0
  local newest
  newest=$snapshot
  [ -d "$newest" ] || newest=$(ls -td "$cache/$toolchain"/*/ 2>/dev/null | grep -v '\.partial' | head -n 1 || true)
  [ -d "$newest" ] || return 0
  echo "Starting from compiled dependencies in $newest"
  local partial="target.partial.$$"
  copy_tree "${newest%/}" "$partial" && mv "$partial" target
}

keep() {
  [ -d "$snapshot" ] && touch "$snapshot" && return 0
  [ -d target/debug/deps ] || return 0
  local partial="$snapshot.partial.$$"
  # shellcheck disable=SC2064 # the name as it is now: the variable is gone when the script ends
  trap "rm -rf '$partial'" EXIT
  mkdir -p "$partial/debug"
  local part
  for part in build deps .fingerprint; do
    copy_tree "target/debug/$part" "$partial/debug/$part"
  done
  cp target/CACHEDIR.TAG target/.rustc_info.json "$partial/" 2>/dev/null || true
  CARGO_TARGET_DIR="$partial" cargo clean --quiet --locked --offline --workspace
  [ -e "$snapshot" ] || mv "$partial" "$snapshot"
  ls -td "$cache"/*/*/ | grep -v '\.partial' | tail -n "+$((kept_snapshots + 1))" | while read -r old; do rm -rf "$old"; done
}

case "${1:-}" in
  seed) seed ;;
  keep) keep ;;
  *) echo "usage: cache.sh seed|keep" >&2 && exit 2 ;;
esac
