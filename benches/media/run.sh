#!/bin/sh
# Measures Videre's frame access beside the ffmpeg program, PyAV and decord, and writes RESULTS.md.
#
#   benches/media/run.sh [ROUNDS]
#
# PYTHON names an interpreter that has PyAV and decord (default python3); CLIPS a directory for the clip (about 400 MB).
# The development profile is optimised, so the tree is not built a second time for this.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
clip=$("$here/make_clip.sh" ${CLIPS:+"$CLIPS"})
cargo build --quiet --no-default-features --features media --example bench_media
exec "${PYTHON:-python3}" "$here/bench.py" "$clip" --videre "${CARGO_TARGET_DIR:-target}/debug/examples/bench_media" \
    --rounds "${1:-3}" --out "$here/RESULTS.md"
