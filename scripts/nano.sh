#!/usr/bin/env bash
# Trains the embedded model, or measures it on clips that it never saw.
#
#   scripts/nano.sh train                  into NANO_RUN; run it again to go on after an interruption
#   scripts/nano.sh export                 what NANO_RUN has learnt, as GGUF pairs and a Hugging Face checkpoint
#   scripts/nano.sh eval                   SEED (5), PER_TASK (200), MODEL (the pair that ships), PRESETS
#
# Python and its packages are for development only; they are installed into NANO_VENV where they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
NANO_RUN=${NANO_RUN:-out/nano-run}
NANO_VENV=${NANO_VENV:-.venv}
python="$NANO_VENV/bin/python"

# `packages all`, or the names of some.
packages() {
  [ -x "$python" ] || python3 -m venv "$NANO_VENV"
  if [ "$1" = all ]; then
    "$python" -c 'import gguf, numpy, PIL, tokenizers, torch, transformers' 2>/dev/null ||
      "$python" -m pip install --quiet -r models/nano/requirements.txt
  else
    "$python" -c "import $1" 2>/dev/null || "$python" -m pip install --quiet "$(grep "^$1==" models/nano/requirements.txt)"
  fi
}

train() {
  packages all
  # One thread for the arithmetic and one process that renders: on a shared machine more threads wait for each other.
  # The two limits keep glibc from giving large arrays back to the system each time, which costs more than rendering.
  OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 \
    nice -n 19 "$python" models/nano/train.py --run "$NANO_RUN" --workers 1
}

export_pair() {
  packages all
  "$python" models/nano/export.py --run "$NANO_RUN" --out "$NANO_RUN/export"
}

evaluate() {
  packages numpy
  local clips="out/nano-eval/seed-${SEED:-5}-${PER_TASK:-200}" model=${MODEL:-} preset
  [ -n "$model" ] || model=models/nano/weights
  # BLIND.json is not the last file written, FRAMES.json is.
  [ -f "$clips/FRAMES.json" ] ||
    "$python" models/nano/make_eval.py --seed "${SEED:-5}" --per-task "${PER_TASK:-200}" --out "$clips"
  cargo build --locked --bin videre
  local videre="${CARGO_TARGET_DIR:-target}/debug/videre"
  # The name of the results has the model's checksum in it: another model starts afresh.
  local sum
  sum=$(cat "$model"/*.gguf | sha256sum | cut -c1-12)
  ask() { # file of questions, preset
    printf '\n== %s, preset %s\n' "$1" "$2"
    "$videre" eval "$clips/$1.json" --videos "$clips" --model "$model" --preset "$2" \
      --out "$clips/results-$1-$2-$sum.jsonl"
  }
  ask FRAMES frame
  for preset in ${PRESETS:-fast balanced paper}; do ask QUESTIONS "$preset"; done
  for preset in ${PRESETS:-fast balanced paper}; do ask BLIND "$preset"; done
}

case "${1:-}" in
train) train ;;
export) export_pair ;;
eval) evaluate ;;
*) sed -n '2,8p' "$0" && exit 2 ;;
esac
