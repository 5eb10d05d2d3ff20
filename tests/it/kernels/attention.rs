use half::f16;
use videre::llava::kernels::{AttentionShape, Isa, KvRows, Mask, attention_on};

use super::{Numbers, error};

/// softmax(scale * q * k^T + mask) * v in f64, with the mask spelled out.
fn reference(shape: AttentionShape, q: &[f32], k: &[f32], v: &[f32], mask: Mask, scale: f32) -> Vec<f32> {
    let AttentionShape {
        n_heads,
        n_kv_heads,
        head_dim,
    } = shape;
    let n_keys = k.len() / (n_kv_heads * head_dim);
    let mut out = Vec::new();
    for (row, q) in q.chunks_exact(head_dim).enumerate() {
        let (query, head) = (row / n_heads, row % n_heads / (n_heads / n_kv_heads));
        let key = |rows: &'_ [f32], j: usize| rows[(j * n_kv_heads + head) * head_dim..][..head_dim].to_vec();
        let weight = |j: usize| {
            let visible = match mask {
                Mask::Full => true,
                Mask::Causal { n_past } => j <= n_past + query,
                Mask::Sliding { n_past, window } => j <= n_past + query && j + window > n_past + query,
            };
            let score: f64 = key(k, j)
                .iter()
                .zip(q)
                .map(|(k, q)| f64::from(*k) * f64::from(*q))
                .sum();
            if visible {
                (f64::from(scale) * score).exp()
            } else {
                0.0
            }
        };
        let weights: Vec<f64> = (0..n_keys).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let mut values = vec![0.0; head_dim];
        for (j, weight) in weights.iter().enumerate() {
            for (value, v) in values.iter_mut().zip(key(v, j)) {
                *value += weight / sum * f64::from(v);
            }
        }
        out.extend(values.iter().map(|value| *value as f32));
    }
    out
}

fn check(shape: AttentionShape, n_queries: usize, n_keys: usize, mask: Mask) {
    let mut numbers = Numbers::seeded(n_queries as u64 + 17);
    let q = numbers.units(n_queries * shape.n_heads * shape.head_dim);
    let narrow = |rows: Vec<f32>| -> Vec<f16> { rows.into_iter().map(f16::from_f32).collect() };
    let k = narrow(numbers.units(n_keys * shape.n_kv_heads * shape.head_dim));
    let v = narrow(numbers.units(n_keys * shape.n_kv_heads * shape.head_dim));
    let wide = |rows: &[f16]| -> Vec<f32> { rows.iter().map(|value| value.to_f32()).collect() };
    let (k_wide, v_wide) = (wide(&k), wide(&v));
    let scale = 0.3;
    let expected = reference(shape, &q, &k_wide, &v_wide, mask, scale);
    for isa in Isa::available() {
        for (k, v) in [
            (KvRows::F16(&k), KvRows::F16(&v)),
            (KvRows::F32(&k_wide), KvRows::F32(&v_wide)),
        ] {
            let mut out = vec![f32::NAN; q.len()];
            attention_on(isa, shape, &q, k, v, mask, scale, &mut out);
            let error = error(&out, &expected);
            assert!(
                error < 5e-6,
                "{shape:?} {n_queries} of {n_keys} {mask:?} {}: {error}",
                isa.name()
            );
        }
    }
}

#[test]
fn agrees_with_plain_arithmetic() {
    let gqa = AttentionShape {
        n_heads: 8,
        n_kv_heads: 2,
        head_dim: 64,
    };
    let mha = AttentionShape {
        n_heads: 3,
        n_kv_heads: 3,
        head_dim: 128,
    };
    let siglip = AttentionShape {
        n_heads: 2,
        n_kv_heads: 2,
        head_dim: 72,
    };
    for shape in [gqa, mha, siglip] {
        check(shape, 1, 1, Mask::Causal { n_past: 0 });
        check(shape, 1, 700, Mask::Causal { n_past: 699 });
        check(shape, 2, 300, Mask::Causal { n_past: 298 });
        check(shape, 150, 150, Mask::Causal { n_past: 0 });
        check(shape, 40, 333, Mask::Causal { n_past: 293 });
        check(shape, 77, 77, Mask::Full);
        check(shape, 3, 77, Mask::Full);
        check(
            shape,
            40,
            333,
            Mask::Sliding {
                n_past: 293,
                window: 70,
            },
        );
        check(
            shape,
            1,
            333,
            Mask::Sliding {
                n_past: 332,
                window: 5,
            },
        );
    }
}

#[test]
fn scores_beyond_the_range_of_exp_are_no_trouble() {
    let shape = AttentionShape {
        n_heads: 1,
        n_kv_heads: 1,
        head_dim: 64,
    };
    let (n_keys, large) = (130, 40.0f32);
    let rows = |n: usize, f: &dyn Fn(usize) -> f32| -> Vec<f32> { (0..n * 64).map(|i| f(i / 64)).collect() };
    // Key j scores 64 * 40 * j: all the weight is on the last key.
    let k = rows(n_keys, &|j| j as f32);
    let v = rows(n_keys, &|j| j as f32);
    for n_queries in [1, 70] {
        let q = rows(n_queries, &|_| large);
        for isa in Isa::available() {
            let mut out = vec![0.0; q.len()];
            attention_on(
                isa,
                shape,
                &q,
                KvRows::F32(&k),
                KvRows::F32(&v),
                Mask::Full,
                1.0,
                &mut out,
            );
            assert!(
                out.iter().all(|value| *value == 129.0),
                "{} {n_queries}",
                isa.name()
            );
        }
    }
}
