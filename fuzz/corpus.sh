#!/bin/sh
# Fills the corpora of the fuzz targets: every test clip, every test vocabulary, a few templates.
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
mkdir -p corpus/gguf_header corpus/template
cp ../tests/data/tokenizers/*.gguf corpus/gguf_header
cp seeds/template/*.jinja corpus/template
for target in worker_host worker_client kept_index; do
    mkdir -p "corpus/$target"
    cp "seeds/$target"/* "corpus/$target"
done
mkdir -p corpus/chat_store corpus/kept_rows
echo "$(ls corpus/gguf_header corpus/template | wc -l) inputs in fuzz/corpus/gguf_header and fuzz/corpus/template"
