#!/usr/bin/env bash
# Speed beside llama.cpp on a random 1.1B pair (Q4_K_M): prefill of 2048 tokens, decode at depth 3456, one image.
# Needs cmake, a C++ compiler, pip, python3, and the network once; everything is kept in $VIDERE_BENCH_CACHE. The first
# run builds llama.cpp (about 25 minutes on 2 cores). Runs alternate, and each line is one run: compare medians.
#
#   benches/llava/beside-llama-cpp.sh [RUNS]
#
# VIDERE names another program to measure than the release build; PAIR another folder with a pair; THREADS how many.
set -euo pipefail

runs=${1:-5}
cache=${VIDERE_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/videre-bench}
threads=${THREADS:-$(nproc)}
repository=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$cache"

llama=$cache/llama.cpp/build/bin
if [[ ! -x $llama/llama-mtmd-cli ]]; then
    (
        cd "$cache"
        python3 -m pip download --quiet --no-binary llama-cpp-python --no-deps llama-cpp-python
        rm -rf llama.cpp unpacked && mkdir unpacked
        tar xzf llama_cpp_python-*.tar.gz -C unpacked --strip-components=1
        mv unpacked/vendor/llama.cpp llama.cpp && rm -rf unpacked
        cmake -S llama.cpp -B llama.cpp/build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF \
            -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
        nice -n 12 cmake --build llama.cpp/build --target llama-bench llama-mtmd-cli -j "$threads"
    ) >&2
fi

cd "$repository"
pair=${PAIR:-$cache/llava-1b-q4_k_m}
[[ -e $pair/mmproj-model-f16.gguf ]] ||
    cargo run --quiet --release --example random_pair -- --geometry llava-1b --quant q4_k_m "$pair"
model=$pair/ggml-model-q4_k_m.gguf
videre=${VIDERE:-$repository/target/release/videre}
[[ -n ${VIDERE:-} ]] || cargo build --quiet --release --bin videre

# The last column but one of llama-bench's table is tokens per second.
llama_bench() {
    "$llama/llama-bench" -m "$model" -t "$threads" -r 1 -o csv "$@" 2>/dev/null | tail -1 |
        awk -F, '{gsub(/"/, ""); print $(NF-1)}'
}

cat "$pair"/*.gguf >/dev/null
for ((run = 1; run <= runs; run++)); do
    echo "llama.cpp prefill $(llama_bench -p 2048 -n 0) tokens/s"
    RAYON_NUM_THREADS=$threads "$videre" bench --model "$pair" --prefill 2048 --depth 3456 --decode 16 --json |
        python3 -c 'import json, sys
found = json.load(sys.stdin)
for key in ("prefill_tokens_per_sec", "decode_tokens_per_sec", "image_secs", "peak_resident_bytes"):
    print("videre", key, found[key])'
    echo "llama.cpp decode $(llama_bench -p 0 -n 16 -d 3456) tokens/s"
    "$llama/llama-mtmd-cli" -m "$model" --mmproj "$pair/mmproj-model-f16.gguf" -t "$threads" -n 1 \
        --image "$repository/tests/clips/picture.jpg" -p x --chat-template vicuna 2>&1 </dev/null |
        grep -ao 'encoding done in .*' | sed 's/^/llama.cpp image /' || true
done
