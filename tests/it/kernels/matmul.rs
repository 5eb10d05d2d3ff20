use videre::gguf::TensorType;
use videre::llava::kernels::{Isa, Weights, dequantize_row, matmul_many_on};

use super::{Numbers, error, random_weights};

const FORMATS: [TensorType; 14] = [
    TensorType::F32,
    TensorType::F16,
    TensorType::BF16,
    TensorType::Q4_0,
    TensorType::Q4_1,
    TensorType::Q5_0,
    TensorType::Q5_1,
    TensorType::Q8_0,
    TensorType::Q2_K,
    TensorType::Q3_K,
    TensorType::Q4_K,
    TensorType::Q5_K,
    TensorType::Q6_K,
    TensorType::Q8_K,
];

/// Values that 8 bits and a scale for 32 neighbours hold exactly: small whole numbers with 127 among them.
fn exact_input(n_values: usize, numbers: &mut Numbers) -> Vec<f32> {
    (0..n_values)
        .map(|i| {
            if i % 32 == 7 {
                127.0
            } else {
                f32::from((numbers.bits() % 255) as u8) - 127.0
            }
        })
        .collect()
}

/// `x * w^T` in f64, from dequantized rows.
fn reference(w: Weights<'_>, x: &[f32]) -> Vec<f32> {
    let m = x.len() / w.n_cols();
    let mut y = vec![0.0; m * w.n_rows()];
    let mut row = vec![0.0; w.n_cols()];
    for i in 0..w.n_rows() {
        dequantize_row(w, i, &mut row);
        for (t, x) in x.chunks_exact(w.n_cols()).enumerate() {
            y[t * w.n_rows() + i] = row
                .iter()
                .zip(x)
                .map(|(w, x)| f64::from(*w) * f64::from(*x))
                .sum::<f64>() as f32;
        }
    }
    y
}

/// Reference: the gguf Python package, `tests/reference/dequantized.py`.
#[test]
fn dequantized_values_are_those_of_the_gguf_package() {
    let mut rest: &[u8] = include_bytes!("dequantized.bin");
    let mut n_formats = 0;
    let mut take = |n: usize| {
        let (taken, left) = rest.split_at(n);
        rest = left;
        (taken, left.is_empty())
    };
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    loop {
        let format = TensorType::from_ggml_id(number(take(4).0)).unwrap();
        let n_bytes = number(take(4).0) as usize;
        let bytes = take(n_bytes).0;
        let n_values = number(take(4).0) as usize;
        let (values, done) = take(4 * n_values);
        let mut ours = vec![0.0f32; n_values];
        dequantize_row(Weights::new(format, 1, n_values, bytes).unwrap(), 0, &mut ours);
        for (i, (ours, value)) in ours.iter().zip(values.chunks_exact(4)).enumerate() {
            assert_eq!(ours.to_le_bytes(), value, "{format} value {i}");
        }
        n_formats += 1;
        if done {
            break;
        }
    }
    assert_eq!(n_formats, 12);
}

#[test]
fn every_format_and_instruction_set_multiplies_exactly_what_is_stored() {
    let mut numbers = Numbers::seeded(1);
    // Rows that do not fill a panel of 32, and columns that do not fill a block of 256, or anything, where the format allows
    // it: SmolVLM's are 960 and 4304.
    let n_rows = 71;
    let sizes = FORMATS
        .into_iter()
        .flat_map(|format| [(format, 512), (format, 416), (format, 269)]);
    for (format, n_cols) in sizes.filter(|(format, n_cols)| n_cols % format.block_len() == 0) {
        let bytes = random_weights(format, n_rows * n_cols, &mut numbers);
        let w = Weights::new(format, n_rows, n_cols, &bytes).unwrap();
        for isa in Isa::available() {
            for m in [1, 2, 4, 5, 6, 13, 25] {
                let x = exact_input(m * n_cols, &mut numbers);
                let mut y = vec![f32::NAN; m * n_rows];
                matmul_many_on(isa, &[w], &x, &mut [&mut y]);
                let error = error(&y, &reference(w, &x));
                assert!(error < 5e-6, "{format} {} m={m}: {error}", isa.name());
            }
        }
    }
}

#[test]
fn quantizing_the_input_costs_little() {
    let mut numbers = Numbers::seeded(2);
    let bytes = random_weights(TensorType::Q4_K, 64 * 1024, &mut numbers);
    let w = Weights::new(TensorType::Q4_K, 64, 1024, &bytes).unwrap();
    let x = numbers.units(7 * 1024);
    let mut y = vec![0.0; 7 * 64];
    matmul_many_on(Isa::detect(), &[w], &x, &mut [&mut y]);
    let error = error(&y, &reference(w, &x));
    assert!(error < 0.01, "{error}");
}

#[test]
fn what_is_no_number_does_not_come_out_as_one() {
    let mut numbers = Numbers::seeded(6);
    for format in [TensorType::Q4_K, TensorType::Q8_0, TensorType::F16] {
        let bytes = random_weights(format, 40 * 256, &mut numbers);
        let w = Weights::new(format, 40, 256, &bytes).unwrap();
        for isa in Isa::available() {
            for bad in [f32::NAN, f32::INFINITY] {
                for m in [2, 9] {
                    let mut x = numbers.units(m * 256);
                    x[256 + 70] = bad;
                    let mut y = vec![0.0; m * 40];
                    matmul_many_on(isa, &[w], &x, &mut [&mut y]);
                    let is_number: Vec<bool> = y
                        .chunks(40)
                        .map(|row| row.iter().all(|value| value.is_finite()))
                        .collect();
                    let expected: Vec<bool> = (0..m).map(|row| row != 1).collect();
                    assert_eq!(is_number, expected, "{format} {} m={m} {bad}", isa.name());
                }
            }
        }
    }
}

#[test]
fn matrices_of_different_formats_share_an_input() {
    let mut numbers = Numbers::seeded(3);
    let formats = [TensorType::Q4_K, TensorType::Q6_K, TensorType::F16];
    let bytes: Vec<_> = formats
        .iter()
        .map(|format| random_weights(*format, 40 * 256, &mut numbers))
        .collect();
    let ws: Vec<_> = formats
        .iter()
        .zip(&bytes)
        .map(|(format, bytes)| Weights::new(*format, 40, 256, bytes).unwrap())
        .collect();
    for m in [1, 9] {
        let x = exact_input(m * 256, &mut numbers);
        let mut ys = vec![vec![0.0; m * 40]; 3];
        let mut outputs: Vec<&mut [f32]> = ys.iter_mut().map(Vec::as_mut_slice).collect();
        matmul_many_on(Isa::detect(), &ws, &x, &mut outputs);
        for (w, y) in ws.iter().zip(&ys) {
            assert!(error(y, &reference(*w, &x)) < 5e-6, "{} m={m}", w.format());
        }
    }
}

#[test]
fn rows_of_a_fused_matrix_are_a_matrix() {
    let mut numbers = Numbers::seeded(4);
    let bytes = random_weights(TensorType::Q8_0, 48 * 64, &mut numbers);
    let w = Weights::new(TensorType::Q8_0, 48, 64, &bytes).unwrap();
    let x = exact_input(64, &mut numbers);
    let (mut all, mut part) = (vec![0.0; 48], vec![0.0; 16]);
    matmul_many_on(Isa::detect(), &[w], &x, &mut [&mut all]);
    matmul_many_on(Isa::detect(), &[w.rows(16..32)], &x, &mut [&mut part]);
    assert_eq!(part, all[16..32]);
}

#[test]
fn zeros_and_an_empty_input_are_no_trouble() {
    let mut numbers = Numbers::seeded(5);
    let bytes = random_weights(TensorType::Q4_K, 32 * 256, &mut numbers);
    let w = Weights::new(TensorType::Q4_K, 32, 256, &bytes).unwrap();
    let mut y = vec![f32::NAN; 32];
    matmul_many_on(Isa::detect(), &[w], &[0.0; 256], &mut [&mut y]);
    assert_eq!(y, [0.0; 32]);
    matmul_many_on(Isa::detect(), &[w], &[], &mut [&mut []]);
}

#[test]
fn bytes_that_are_not_whole_rows_are_no_matrix() {
    assert!(Weights::new(TensorType::Q4_K, 1, 256, &[0; 143]).is_none());
    assert!(Weights::new(TensorType::Q4_K, 1, 200, &[0; 144]).is_none());
    assert!(Weights::new(TensorType::Q8_0, usize::MAX, 64, &[0; 68]).is_none());
    assert!(Weights::new(TensorType::Q8_0, 0, 0, &[]).is_none());
}
