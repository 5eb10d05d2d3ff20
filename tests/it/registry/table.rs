//! The README's table of models is that of the catalogue. `VIDERE_WRITE_TABLE` writes it, a plain run compares.

use std::path::Path;

use videre::registry::{Catalogue, which_model};

/// What two cores of an x86-64 server do: `videre bench` reads 39 tokens a second of a prompt with 1.0 billion weights
/// behind each, which is the smaller of its two rates; a picture of CLIP-L/336 takes 4.4 s.
const FLOPS_PER_SEC: f64 = 80e9;

const BEGIN: &str = "<!-- models: from models/catalogue.toml -->\n\n";
const END: &str = "<!-- end of models -->";

#[test]
fn the_table_of_models_in_the_readme_is_that_of_the_catalogue() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&file).expect("there is a README");
    let begin = text.find(BEGIN).expect("the table begins somewhere") + BEGIN.len();
    let end = begin + text[begin..].find(END).expect("it ends somewhere");
    let table = which_model(&Catalogue::embedded(), FLOPS_PER_SEC) + "\n";
    if std::env::var_os("VIDERE_WRITE_TABLE").is_some() {
        let whole = [&text[..begin], &table, &text[end..]].concat();
        std::fs::write(&file, whole).expect("it can be written");
        return;
    }
    assert_eq!(
        text[begin..end],
        table,
        "VIDERE_WRITE_TABLE=1 cargo test --test it registry::table writes it"
    );
}
