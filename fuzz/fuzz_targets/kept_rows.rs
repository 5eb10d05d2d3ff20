//! Any bytes as features of an image or as keys and values of a prefix that were kept: of the right number, used as they are.
#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use videre::cancel::CancelToken;
use videre::llava::{CacheType, Compute, Features, Model, Sequence, SequencePart, Session, embedded};

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let pair = embedded::pair().expect("it is in the program");
        Model::load(&pair, &Compute::cpu(), &CancelToken::new()).expect("it is in the program")
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((n, bytes)) = data.split_first() else {
        return;
    };
    let (model, n) = (model(), usize::from(*n));
    if let Ok(Some(features)) = Features::from_bytes(bytes, model.tower()) {
        assert_eq!(
            features.to_bytes().expect("they are numbers or not").len(),
            bytes.len()
        );
    }
    let mut session =
        Session::new(Arc::clone(model.decoder()), 512, CacheType::default()).expect("there is memory");
    // As many as positions take, repeated: an input of this size would be found by nobody.
    let wanted = session.prefix_bytes(n) as usize;
    let kept: Vec<u8> = bytes
        .iter()
        .copied()
        .cycle()
        .take(if bytes.is_empty() { 0 } else { wanted })
        .collect();
    let prompt = Sequence::new(vec![SequencePart::Tokens(vec![5; n + 1])], n);
    if session
        .read_prefix(&prompt, n, 4, &kept)
        .is_ok_and(|is_taken| is_taken)
    {
        assert_eq!(session.len(), n);
        drop(session.read_token(5, &CancelToken::new()));
    }
});
