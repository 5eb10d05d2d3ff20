//! The model inside the program: whole, recognised, and right about the bundled clip.

use videre::llava::embedded::{EmbeddedError, checked, files, pair};

#[test]
fn the_embedded_pair_is_a_pair_and_small() {
    let pair = pair().expect("the checksums are those of the files");
    assert_eq!(
        pair.language
            .str("general.name")
            .expect("a name")
            .map(str::to_owned)
            .as_deref(),
        Some("nano")
    );
    // It was trained with nothing between the video and the question; without this key it would be told what large
    // models are told.
    let sentence = pair.language.str("videre.video_sentence");
    assert_eq!(sentence.expect("a text"), Some(""));
    let n_bytes: usize = files().iter().map(|(bytes, _)| bytes.len()).sum();
    assert!(n_bytes <= 16 << 20, "{n_bytes} bytes");
}

#[test]
fn a_damaged_byte_is_noticed() {
    let [(bytes, sum), _] = files();
    let mut damaged = bytes.to_vec();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let error = checked("the copy", Vec::leak(damaged), sum).expect_err("another checksum");
    assert!(
        matches!(error, EmbeddedError::Damaged { file: "the copy", .. }),
        "{error}"
    );
    assert!(error.to_string().starts_with("the copy is damaged"), "{error}");
}
