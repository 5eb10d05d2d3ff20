#!/usr/bin/env bash
# Measures the real window at 1280 x 800 beside its floors, and writes RESULTS.md.
#
#   benches/window/run.sh [PART...]      (default: all; what was measured before stays for the others)
#
# PYTHON names an interpreter that has PyAV (default python3); CLIPS a directory for the clips, 4.6 GB (default
# ~/.cache/videre-bench); PAIR a folder with a LLaVA pair of about a billion parameters for the busy parts, made with random
# weights where there is none. RUN is put before each part, such as `nice -n -5`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
clips=${CLIPS:-${XDG_CACHE_HOME:-$HOME/.cache}/videre-bench}
pair=${PAIR:-$clips/pair-1b}
export OUT=$clips/window-figures
mkdir -p "$OUT"

clip=$(SECONDS_OF_CLIP=60 benches/media/make_clip.sh "$clips")
long=$clips/bench-1080p30-7200s.mp4
if [ ! -s "$long" ]; then
  ffmpeg -hide_banner -loglevel error -nostdin -y -stream_loop 119 -i "$clip" -c copy -movflags +faststart "$long.part.mp4"
  mv "$long.part.mp4" "$long"
fi
cargo build --quiet --locked --bin videre
scripts/page.sh
cargo build --quiet --locked --package videre-window
[ $# -gt 0 ] || set -- start exact scrub step play memory long film encoding streaming
for part; do
  of=$clip
  [ "$part" != long ] && [ "$part" != film ] || of=$long
  if [ "$part" = encoding ] || [ "$part" = streaming ]; then
    [ -d "$pair" ] || cargo run --quiet --locked --example random_pair -- --geometry llava-1b --quant q4_k_m "$pair"
  fi
  SCREEN=1440x900 ${RUN:-} scripts/display.sh node "$here/bench.mjs" "$part" "$of" "$pair"
done
node "$here/report.mjs" "$OUT" > "$here/RESULTS.md"
