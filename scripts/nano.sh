#!/usr/bin/env bash
# Trains the embedded model, or measures it on clips that it never saw.
#
#   scripts/nano.sh train                  into NANO_RUN; run it again to go on after an interruption
#   scripts/nano.sh export                 what NANO_RUN has learnt, as GGUF pairs and a Hugging Face checkpoint
#   scripts/nano.sh eval                   SEED (5), PER_TASK (200), BLIND (3), MODEL (the pair that ships),
#                                          COLUMNS_OF_TABLE, LOOK (none; one of models/nano/world/looks.py)
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
  # The last file that is written. A look has no questions about single frames.
  [ -f "$1/${LOOK:+QUESTIONS.json}" ] || [ -f "$1/FRAMES.json" ] ||
    nice -n 19 "$python" models/nano/make_eval.py --seed "${SEED:-5}" --per-task "${PER_TASK:-200}" --blind "${BLIND:-3}" \
      ${LOOK:+--look "$LOOK"} --out "$1"
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

# results_of FOLDER MODEL COLUMN: the file of its results. The model's checksum is in the name: another model starts afresh.
results_of() {
  echo "$1/results-$3-$(cat "$2"/*.gguf | sha256sum | cut -c1-12).jsonl"
}

# answers FOLDER MODEL COLUMN...: asks what is not asked yet, two columns at a time with one thread each: matrices as small
# as nano's are no faster on two.
answers() {
  local clips=$1 model=$2 column flags results videre="${CARGO_TARGET_DIR:-target}/debug/videre"
  shift 2
  for column in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
    read -ra flags <<<"$(flags_of "$column")"
    results=$(results_of "$clips" "$model" "$column")
    printf '== %s: videre eval %s\n' "$column" "${flags[*]}" >&2
    # An answer is a short sentence; a model that goes on and on is wrong anyway.
    RAYON_NUM_THREADS=1 nice -n 19 "$videre" eval "$clips/${flags[0]}.json" --videos "$clips" --model "$model" \
      "${flags[@]:1}" --max-tokens 48 --out "$results" >"${results%.jsonl}.txt" &
  done
  while [ "$(jobs -rp | wc -l)" -gt 0 ]; do wait -n; done
}

evaluate() {
  local clips model=${MODEL:-} column table=() columns
  clips="out/nano-eval/seed-${SEED:-5}-${PER_TASK:-200}${LOOK:+-${LOOK// /-}}"
  [ -n "$model" ] || model=models/nano/weights
  read -ra columns <<<"${COLUMNS_OF_TABLE:-frame fast balanced paper sampled-16 sampled-50 every-patch thumbnails slow-fast image-grid}"
  clips_of "$clips"
  cargo build --locked --bin videre
  answers "$clips" "$model" "${columns[@]}"
  for column in "${columns[@]}"; do table+=("$column=$(results_of "$clips" "$model" "$column")"); done
  "$python" models/nano/table.py "${table[@]}"
}

agree() {
  local clips="out/nano-eval/seed-${SEED:-5}-${PER_TASK:-200}" column columns flags f16 q8_0 failed=0
  read -ra columns <<<"${COLUMNS_OF_TABLE:-frame fast balanced paper}"
  packages all
  clips_of "$clips"
  cargo build --locked --bin videre
  answers "$clips" "$NANO_RUN/export/f16" "${columns[@]}"
  answers "$clips" "$NANO_RUN/export/q8_0" "${columns[@]}"
  for column in "${columns[@]}"; do
    read -ra flags <<<"$(flags_of "$column")"
    f16=$(results_of "$clips" "$NANO_RUN/export/f16" "$column")
    q8_0=$(results_of "$clips" "$NANO_RUN/export/q8_0" "$column")
    nice -n 19 "$python" models/nano/agree.py --hf "$NANO_RUN/export/hf" --clips "$clips" --questions "$clips/${flags[0]}.json" \
      --preset "$column" --results "$f16" --generate 20 || failed=1
    "$python" models/nano/agree.py --against "$f16" --results "$q8_0" || failed=1
  done
  return $failed
}

case "${1:-}" in
train) train ;;
export) export_pair ;;
eval) evaluate ;;
agree) agree ;;
*) sed -n '2,10p' "$0" && exit 2 ;;
esac
