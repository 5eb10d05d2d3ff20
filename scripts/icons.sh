#!/usr/bin/env bash
# Draws the pictures of assets/icons anew from videre.svg. Needs librsvg (rsvg-convert) and ImageMagick (convert).
set -euo pipefail
cd "$(dirname "$0")/../assets/icons"
# Tauri wants RGBA of eight bits; these are the sizes that desktops and packages ask for.
for side in 32 128 256 512; do
  rsvg-convert --width "$side" --height "$side" videre.svg --output "$side.png"
done
convert 256.png -define icon:auto-resize=256,64,48,32,24,16 videre.ico
