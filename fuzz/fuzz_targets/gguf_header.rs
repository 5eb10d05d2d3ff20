//! Arbitrary bytes as a model file: header, directory, which half of a pair it is, vocabulary and template.
#![no_main]

use libfuzzer_sys::fuzz_target;
use videre::gguf::{Gguf, Source};
use videre::llava::pair::classify;
use videre::llava::template::ChatTemplate;
use videre::llava::tokenizer::{Place, Span, Tokenizer};

fuzz_target!(|data: &[u8]| {
    // SAFETY: nothing made from the bytes outlives this call.
    let bytes = unsafe { std::mem::transmute::<&[u8], &'static [u8]>(data) };
    let Ok(file) = Gguf::read(Source::Static { bytes, name: "fuzz" }) else {
        return;
    };
    for tensor in file.tensors() {
        assert_eq!(file.tensor_bytes(tensor).len(), tensor.n_bytes());
    }
    for key in file.keys() {
        let Some(array) = file.array(key).ok().flatten() else {
            continue;
        };
        assert!(array.strings().count() <= array.len && array.numbers().count() <= array.len);
    }
    let _part = classify(&file);
    let Ok(tokenizer) = Tokenizer::read(&file) else {
        return;
    };
    let _template = ChatTemplate::choose(&file, &tokenizer);
    if let Ok(ids) = tokenizer.encode(
        &[Span::template("USER: "), Span::user("a vidéo? 12")],
        Place::Start,
    ) {
        let _text = tokenizer.decode(&ids);
    }
});
