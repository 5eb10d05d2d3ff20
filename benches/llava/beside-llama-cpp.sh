#!/usr/bin/env bash
# Speed beside llama.cpp on a random 1.1B pair (Q4_K_M): prefill of 2048 tokens, decode at depth 3456.
# Needs cmake, a C++ compiler, pip, and the network once; everything is kept in $VIDERE_BENCH_CACHE. The first run
# builds llama.cpp (about 25 minutes on 2 cores). Runs alternate, and each line is one run: compare medians.
#
#   benches/llava/beside-llama-cpp.sh [RUNS]
set -euo pipefail

runs=${1:-5}
cache=${VIDERE_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/videre-bench}
threads=${THREADS:-$(nproc)}
repository=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$cache"

llama=$cache/llama.cpp/build/bin/llama-bench
if [[ ! -x $llama ]]; then
    (
        cd "$cache"
        python3 -m pip download --quiet --no-binary llama-cpp-python --no-deps llama-cpp-python
        rm -rf llama.cpp unpacked && mkdir unpacked
        tar xzf llama_cpp_python-*.tar.gz -C unpacked --strip-components=1
        mv unpacked/vendor/llama.cpp llama.cpp && rm -rf unpacked
        cmake -S llama.cpp -B llama.cpp/build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF \
            -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF
        nice -n 12 cmake --build llama.cpp/build --target llama-bench -j "$threads"
    ) >&2
fi

cd "$repository"
pair=$cache/llava-1b-q4_k_m
[[ -e $pair/mmproj-model-f16.gguf ]] ||
    cargo run --quiet --release --example random_pair -- --geometry llava-1b --quant q4_k_m "$pair"
model=$pair/ggml-model-q4_k_m.gguf

cargo bench --quiet --bench kernels --no-run
for ((run = 1; run <= runs; run++)); do
    "$llama" -m "$model" -t "$threads" -p 2048 -n 0 -r 1 -o csv 2>/dev/null | tail -1 |
        awk -F, '{gsub(/"/, ""); print "llama.cpp prefill 2048:", $(NF-1), "tokens/s"}'
    RAYON_NUM_THREADS=$threads cargo bench --quiet --bench kernels -- prefill 2048
    "$llama" -m "$model" -t "$threads" -p 0 -n 16 -d 3456 -r 1 -o csv 2>/dev/null | tail -1 |
        awk -F, '{gsub(/"/, ""); print "llama.cpp decode 3456:", $(NF-1), "tokens/s"}'
    RAYON_NUM_THREADS=$threads cargo bench --quiet --bench kernels -- decode 3456
done
