#!/usr/bin/env bash
# What `make run` does once the machine is set up: opens the window with the bundled clip. On a machine without a display
# it asks the model inside the program about that clip, and shows what a large model would see of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh
scripts/cache.sh seed
cargo build --locked --bin videre
videre="${CARGO_TARGET_DIR:-target}/debug/videre"

if has_display; then
  scripts/page.sh
  # By itself, so that cargo gives the window's process nothing of what only the workers need.
  cargo build --locked --package videre-window
  exec "$videre-window" assets/sample.mp4
fi

echo "There is no display here, so this is the command line."
"$videre" probe assets/sample.mp4
echo
echo "What do you see?"
"$videre" ask assets/sample.mp4 "What do you see?" --preset paper
echo
"$videre" preview assets/sample.mp4 --preset balanced --out out/sample
echo
echo "Open out/sample/contact-sheet.png, or look at a video of your own:"
echo "  $videre preview FILE --out FOLDER"
echo "  $videre ask FILE QUESTION --model FOLDER"
