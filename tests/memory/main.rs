//! Memory that grows with the length of a prompt, by an allocator that counts. A binary of its own: it has only one.
#![expect(
    clippy::unwrap_used,
    reason = "what these tests call must succeed, and the panic names the line"
)]

#[path = "../../examples/random_pair/layout.rs"]
mod layout;

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use peak_alloc::PeakAlloc;
use videre::cancel::CancelToken;
use videre::gguf::{Gguf, GgufWriter, Source, TensorType};
use videre::llava::{CacheType, Compute, Decoder, Sequence, SequencePart, Session, Tower};

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// What is allowed beyond a straight line: the score matrix of one head of the longest prompt would be 64 MB.
const SLACK_BYTES: usize = 1 << 20;

fn zeroed(writer: &GgufWriter) -> Gguf {
    let source = Source::Static {
        bytes: writer.zeroed().leak(),
        name: "test.gguf",
    };
    Gguf::read(source).unwrap()
}

/// Most bytes alive at once during `work`, beyond those alive before.
fn peak_bytes(work: impl FnOnce()) -> usize {
    let before = COUNTED.current_usage();
    COUNTED.reset_peak_usage();
    work();
    COUNTED.peak_usage() - before
}

/// Fails where peaks at `sizes`, which double each time, rise by more than twice the rise before.
fn rises_in_a_line(name: &str, sizes: [usize; 4], mut peak: impl FnMut(usize) -> usize) {
    // What is made once (threads, their buffers) is made here.
    peak(sizes[3]);
    let peaks = sizes.map(&mut peak);
    eprintln!("{name}: peaks {peaks:?} bytes at {sizes:?}");
    for three in peaks.windows(3) {
        let (first, second) = (
            three[1].saturating_sub(three[0]),
            three[2].saturating_sub(three[1]),
        );
        assert!(second <= 2 * first + SLACK_BYTES, "{name}: {peaks:?}");
    }
}

fn language() -> Decoder {
    let sizes = layout::Language {
        n_layers: 2,
        width: 256,
        n_heads: 4,
        n_kv_heads: 4,
        ffn: 512,
        context: 8192,
        n_vocab: 512,
        is_tied: true,
    };
    let file = layout::language(&sizes, |_, _| TensorType::Q4_K).writer();
    Decoder::load(&zeroed(&file), &Compute::cpu()).unwrap()
}

/// A tower of two blocks over `n_side` patches of 14 pixels a side.
fn tower(n_side: usize) -> Tower {
    let sizes = layout::Tower {
        n_blocks: 2,
        width: 64,
        n_heads: 1,
        ffn: 128,
        side: 14 * n_side,
    };
    Tower::load(&zeroed(&layout::tower(&sizes, 64).writer()), &Compute::cpu()).unwrap()
}

/// One test, so that no other allocates meanwhile.
#[test]
fn nothing_grows_with_the_square_of_the_length() {
    let decoder = Arc::new(language());
    rises_in_a_line("reading", [512, 1024, 2048, 4096], |n| {
        // The cache is as large as the context whatever is read: it is not what is asked about here.
        let mut session = Session::new(Arc::clone(&decoder), 8192, CacheType::F16).unwrap();
        let prompt = Sequence::new(vec![SequencePart::Tokens(vec![3; n])], 0);
        peak_bytes(|| {
            session
                .read(&prompt, 0, &mut |_| {}, &CancelToken::new())
                .unwrap();
        })
    });
    // Patches: 256, 484, 1024, 2116; in steps of about two.
    rises_in_a_line("looking", [16, 22, 32, 46], |n_side| {
        let tower = tower(n_side);
        let pixels = Tensor::zeros((3, 14 * n_side, 14 * n_side), DType::F32, &Device::Cpu).unwrap();
        peak_bytes(|| {
            tower.encode(&pixels, &CancelToken::new()).unwrap();
        })
    });
}
