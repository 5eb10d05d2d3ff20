#!/bin/sh
# Fills the corpus of a fuzz target with every test clip, and where it exists with what earlier runs found.
#
#   fuzz/corpus.sh
set -eu
cd "$(dirname "$0")"
corpus=corpus/probe_and_frames
mkdir -p "$corpus"
for clip in ../tests/clips/*; do
    case $clip in
    *.sh | *.md) continue ;;
    esac
    cp "$clip" "$corpus/clip-$(basename "$clip")"
done
echo "$(ls "$corpus" | wc -l) inputs in fuzz/$corpus"
