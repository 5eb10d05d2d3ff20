//! The kernels alone, in the order in which a language model of real geometry calls them, on random weights: what the
//! decoder could reach. `cargo bench --bench kernels [-- prefill 512 | decode 3456 | formats]`

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

use half::f16;
use videre::gguf::TensorType;
use videre::llava::kernels::{
    AttentionShape, Isa, KvRows, Mask, Weights, attention_on, matmul, matmul_many_on,
};

/// TinyLlama 1.1B with the mixture of Q4_K_M.
const LAYERS: usize = 22;
const WIDTH: usize = 2048;
const FFN: usize = 5632;
const VOCABULARY: usize = 32000;
const SHAPE: AttentionShape = AttentionShape {
    n_heads: 32,
    n_kv_heads: 4,
    head_dim: 64,
};
const KV_WIDTH: usize = SHAPE.n_kv_heads * SHAPE.head_dim;

/// Seconds on a clock: of the wall, or with `VIDERE_BENCH_BUSY` those that the threads of this process ran. On a busy
/// machine the second one with `RAYON_NUM_THREADS=1` still says what a kernel costs.
fn now_secs() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    static BUSY: LazyLock<bool> = LazyLock::new(|| std::env::var_os("VIDERE_BENCH_BUSY").is_some());
    if !*BUSY {
        return START.elapsed().as_secs_f64();
    }
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let run_ns = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    run_ns.sum::<f64>() / 1e9
}

struct Matrix {
    format: TensorType,
    n_rows: usize,
    n_cols: usize,
    bytes: Vec<u8>,
}

impl Matrix {
    fn random(format: TensorType, n_rows: usize, n_cols: usize) -> Self {
        let n_bytes = n_rows * n_cols / format.block_len() * format.block_bytes();
        let mut bytes: Vec<u8> = (0..n_bytes)
            .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 13) as u8 & 0x3f)
            .collect();
        if format.block_len() == 1 {
            // Exponents of ordinary numbers: others are slow.
            bytes
                .iter_mut()
                .skip(format.block_bytes() - 1)
                .step_by(format.block_bytes())
                .for_each(|byte| *byte = 0x3c);
        }
        Self {
            format,
            n_rows,
            n_cols,
            bytes,
        }
    }

    fn view(&self) -> Weights<'_> {
        Weights::new(self.format, self.n_rows, self.n_cols, &self.bytes).expect("BUG: whole rows")
    }
}

struct Layer {
    qkv: [Matrix; 3],
    output: Matrix,
    gate_up: [Matrix; 2],
    down: Matrix,
}

struct Model {
    layers: Vec<Layer>,
    head: Matrix,
}

impl Model {
    fn random() -> Self {
        let layer = |i: usize| {
            // Q4_K_M keeps value and down in six bits in half of the layers.
            let ends = !(LAYERS / 8..7 * LAYERS / 8).contains(&i);
            let finer = if ends || i % 3 == 2 {
                TensorType::Q6_K
            } else {
                TensorType::Q4_K
            };
            let q4 = TensorType::Q4_K;
            Layer {
                qkv: [
                    Matrix::random(q4, WIDTH, WIDTH),
                    Matrix::random(q4, KV_WIDTH, WIDTH),
                    Matrix::random(finer, KV_WIDTH, WIDTH),
                ],
                output: Matrix::random(q4, WIDTH, WIDTH),
                gate_up: [Matrix::random(q4, FFN, WIDTH), Matrix::random(q4, FFN, WIDTH)],
                down: Matrix::random(finer, WIDTH, FFN),
            }
        };
        Self {
            layers: (0..LAYERS).map(layer).collect(),
            head: Matrix::random(TensorType::Q6_K, VOCABULARY, WIDTH),
        }
    }
}

/// Seconds in matrices and in attention of one chunk of `m` rows after `n_past`.
fn forward(model: &Model, cache: &[f16], m: usize, n_past: usize) -> (f64, f64) {
    let x = vec![0.5f32; m * FFN];
    let (mut q, mut k, mut v) = (
        vec![0.0; m * WIDTH],
        vec![0.0; m * KV_WIDTH],
        vec![0.0; m * KV_WIDTH],
    );
    let (mut gate, mut up, mut out) = (vec![0.0; m * FFN], vec![0.0; m * FFN], vec![0.0; m * WIDTH]);
    let rows = KvRows::F16(&cache[..(n_past + m) * KV_WIDTH]);
    let (mut matrices, mut attending) = (0.0, 0.0);
    for layer in &model.layers {
        let start = now_secs();
        let [a, b, c] = &layer.qkv;
        matmul_many_on(
            Isa::detect(),
            &[a.view(), b.view(), c.view()],
            &x[..m * WIDTH],
            &mut [&mut q, &mut k, &mut v],
        );
        matmul(layer.output.view(), &x[..m * WIDTH], &mut out);
        let [a, b] = &layer.gate_up;
        matmul_many_on(
            Isa::detect(),
            &[a.view(), b.view()],
            &x[..m * WIDTH],
            &mut [&mut gate, &mut up],
        );
        matmul(layer.down.view(), &x, &mut out);
        matrices += now_secs() - start;
        let start = now_secs();
        attention_on(
            Isa::detect(),
            SHAPE,
            &x[..m * WIDTH],
            rows,
            rows,
            Mask::Causal { n_past },
            0.125,
            &mut out,
        );
        attending += now_secs() - start;
    }
    let start = now_secs();
    let mut logits = vec![0.0; VOCABULARY];
    matmul(model.head.view(), &x[..WIDTH], &mut logits);
    black_box((&logits, &out, &gate, &up, &q, &k, &v));
    (matrices + (now_secs() - start), attending)
}

fn decode(depth: usize) {
    let model = Model::random();
    let cache = vec![f16::from_f32(0.1); (depth + 1) * KV_WIDTH];
    let mut runs: Vec<(f64, f64)> = (0..24).map(|_| forward(&model, &cache, 1, depth)).collect();
    runs.sort_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)));
    report("decode", depth, 1.0, runs[runs.len() / 2]);
}

fn prefill(n_rows: usize) {
    const CHUNK: usize = 512;
    let model = Model::random();
    let cache = vec![f16::from_f32(0.1); n_rows * KV_WIDTH];
    let chunks: Vec<_> = (0..n_rows)
        .step_by(CHUNK)
        .map(|past| forward(&model, &cache, CHUNK.min(n_rows - past), past))
        .collect();
    let total = chunks
        .iter()
        .fold((0.0, 0.0), |sum, chunk| (sum.0 + chunk.0, sum.1 + chunk.1));
    report("prefill", n_rows, n_rows as f64, total);
}

fn report(what: &str, n: usize, n_tokens: f64, (matrices, attending): (f64, f64)) {
    eprintln!(
        "{what} {n}: {:.1} tokens/s ({:.1} ms in matrices, {:.1} ms in attention)",
        n_tokens / (matrices + attending),
        1e3 * matrices,
        1e3 * attending
    );
}

/// Speed of each format: reading for one row, arithmetic for 512.
fn formats() {
    use TensorType::{BF16, F16, F32, Q2_K, Q3_K, Q4_0, Q4_1, Q4_K, Q5_0, Q5_1, Q5_K, Q6_K, Q8_0};
    for format in [
        Q4_K, Q6_K, Q5_K, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q3_K, Q2_K, F16, BF16, F32,
    ] {
        let matrix = Matrix::random(format, 4096, 4096);
        let copies: Vec<_> = (0..(256 << 20) / matrix.bytes.len())
            .map(|_| matrix.bytes.clone())
            .collect();
        let best = |m: usize, copies: &[Vec<u8>]| {
            let (x, mut y) = (vec![0.5; m * 4096], vec![0.0; m * 4096]);
            let pass = |_| {
                let start = now_secs();
                for bytes in copies {
                    matmul(
                        Weights::new(format, 4096, 4096, bytes).expect("BUG: whole rows"),
                        &x,
                        &mut y,
                    );
                }
                now_secs() - start
            };
            (0..3).map(pass).fold(f64::INFINITY, f64::min)
        };
        let n_bytes = (matrix.bytes.len() * copies.len()) as f64;
        let (few, many) = (best(1, &copies), best(512, &copies[..1]));
        eprintln!(
            "{format:5} 1 row {:5.1} GB/s   512 rows {:6.1} GFLOP/s",
            n_bytes / few / 1e9,
            2.0 * 4096.0 * 4096.0 * 512.0 / many / 1e9
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let number = |default| {
        arguments
            .get(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    eprintln!(
        "{} on {} threads",
        Isa::detect().name(),
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    match arguments.first().map(String::as_str) {
        Some("prefill") => prefill(number(2048)),
        Some("decode") => decode(number(3456)),
        Some("formats") => formats(),
        _ => {
            formats();
            prefill(2048);
            decode(0);
            decode(3456);
        }
    }
}
