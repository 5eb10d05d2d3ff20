#!/usr/bin/env bash
# Trains the embedded model, or measures it on clips that it never saw.
#
#   scripts/nano.sh train                  into NANO_RUN; run it again to go on after an interruption
#   scripts/nano.sh export                 what NANO_RUN has learnt, as GGUF pairs and a Hugging Face checkpoint
#   scripts/nano.sh eval                   SEED (5), PER_TASK (200), BLIND (3), MODEL (the pair that ships), COLUMNS
#   scripts/nano.sh agree                  the same with NANO_RUN's export: transformers beside the F16 pair, F16 beside Q8_0
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

# Clips and questions of a seed, each question also asked about BLIND other clips.
clips_of() {
  packages numpy
  # FRAMES.json is the last file written.
  [ -f "$1/FRAMES.json" ] ||
    nice -n 19 "$python" models/nano/make_eval.py --seed "${SEED:-5}" --per-task "${PER_TASK:-200}" --blind "${BLIND:-3}" --out "$1"
}

# What each column of the table is: a file of questions, and flags.
flags_of() {
  case $1 in
  frame) echo FRAMES --preset frame ;;
  fast | balanced | paper) echo QUESTIONS --preset "$1" ;;
  # The halves of balanced and paper, at their numbers of tokens (fast is the other half of both).
  sampled-16) echo QUESTIONS --preset balanced --strategy sampled --sampled-tokens 576 ;;
  sampled-50) echo QUESTIONS --preset paper --strategy sampled --sampled-tokens 864 ;;
  every-patch) echo QUESTIONS --preset fast --strategy every-patch ;;
  thumbnails) echo QUESTIONS --strategy thumbnails --frames 12 ;;
  slow-fast) echo QUESTIONS --strategy slow-fast --frames 16 ;;
  image-grid) echo QUESTIONS --preset fast --strategy image-grid ;;
  *) echo "nano.sh: no column is called $1" >&2 && exit 2 ;;
  esac
}

# answers FOLDER MODEL COLUMN: asks what is not asked yet; the name of the results file goes into $results.
answers() {
  local flags sum videre="${CARGO_TARGET_DIR:-target}/debug/videre"
  read -ra flags <<<"$(flags_of "$3")"
  # The model's checksum is in the name: another model starts afresh.
  sum=$(cat "$2"/*.gguf | sha256sum | cut -c1-12)
  results="$1/results-$3-$sum.jsonl"
  printf '\n== %s: videre eval %s\n' "$3" "${flags[*]}" >&2
  # An answer is a short sentence; a model that goes on and on is wrong anyway.
  nice -n 19 "$videre" eval "$1/${flags[0]}.json" --videos "$1" --model "$2" "${flags[@]:1}" --max-tokens 48 \
    --out "$results" >"${results%.jsonl}.txt"
}

evaluate() {
  local clips="out/nano-eval/seed-${SEED:-5}-${PER_TASK:-200}" model=${MODEL:-} column results columns=()
  [ -n "$model" ] || model=models/nano/weights
  clips_of "$clips"
  cargo build --locked --bin videre
  for column in ${COLUMNS:-frame fast balanced paper sampled-16 sampled-50 every-patch thumbnails slow-fast image-grid}; do
    answers "$clips" "$model" "$column"
    columns+=("$column=$results")
  done
  "$python" models/nano/table.py "${columns[@]}"
}

agree() {
  local clips="out/nano-eval/seed-${SEED:-5}-${PER_TASK:-200}" column results flags f16 failed=0
  packages all
  clips_of "$clips"
  cargo build --locked --bin videre
  for column in ${COLUMNS:-frame fast balanced paper}; do
    answers "$clips" "$NANO_RUN/export/f16" "$column"
    f16=$results
    read -ra flags <<<"$(flags_of "$column")"
    nice -n 19 "$python" models/nano/agree.py --hf "$NANO_RUN/export/hf" --clips "$clips" --questions "$clips/${flags[0]}.json" \
      --preset "$column" --results "$f16" --generate 20 || failed=1
    answers "$clips" "$NANO_RUN/export/q8_0" "$column"
    "$python" models/nano/agree.py --against "$f16" --results "$results" || failed=1
  done
  return $failed
}

case "${1:-}" in
train) train ;;
export) export_pair ;;
eval) evaluate ;;
agree) agree ;;
*) sed -n '2,9p' "$0" && exit 2 ;;
esac
