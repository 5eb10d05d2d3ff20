//! `tokens.json`: what each token shows, as fractions of the source frame.

use videre::api::TokensJson;
use videre::visual::compose::plan;
use videre::visual::geometry::UnitRect;
use videre::visual::preprocess::Fit;
use videre::visual::preset::Preset;
use videre::visual::strategy::{Cells, RowEnds, Strategy};
use videre::visual::tower::TowerInput;

use super::naming::frames;

fn tower(name: &str, fit: Fit) -> TowerInput {
    TowerInput {
        fit,
        ..TowerInput::named(name).expect("a known tower")
    }
}

fn unit(left: f64, top: f64, right: f64, bottom: f64) -> UnitRect {
    UnitRect {
        left,
        top,
        right,
        bottom,
    }
}

#[test]
fn the_paper_preset_names_a_frame_and_a_part_of_it_for_each_token() {
    let tower = tower("clip-l-336", Fit::Squash);
    let plan = plan(
        &frames(50),
        &Preset::Paper.strategy(tower.geometry),
        tower.geometry,
    )
    .unwrap();
    let table = TokensJson::new(&plan, &tower, Some("paper"), |_| (1920, 1080));
    assert_eq!(table.tokens.len(), 3456);
    assert_eq!(
        (table.counts.sampled, table.counts.thumbnail, table.counts.total),
        (2880, 576, 3456)
    );
    assert_eq!(table.frames.len(), 50);

    // Token 58 is patch 580 of all: frame 1, patch 4.
    let token = &table.tokens[58];
    assert_eq!(
        (token.frames.as_slice(), token.op.as_str()),
        ([1].as_slice(), "patch")
    );
    assert_eq!(token.rect, Some([4.0 / 24.0, 0.0, 5.0 / 24.0, 1.0 / 24.0]));
    // The thumbnail's last patch is the last of 8 x 12 in the cell of frame 49.
    let token = &table.tokens[3455];
    assert_eq!(token.frames, [49]);
    assert_eq!(token.rect, Some([11.0 / 12.0, 7.0 / 8.0, 1.0, 1.0]));

    let json = serde_json::to_value(&table).unwrap();
    assert_eq!(json["tower"], "clip-l-336");
    assert_eq!(json["strategy"], "thumbnail-and-sampled");
    assert_eq!(json["preset"], "paper");
    assert_eq!(
        json["frames"][3],
        serde_json::json!({ "index": 3, "pts_secs": 1.5 })
    );
    assert_eq!(json["tokens"][0]["frames"], serde_json::json!([0]));
    assert!(json["tokens"][0].get("other_rects").is_none());
    assert_eq!(serde_json::from_value::<TokensJson>(json).unwrap(), table);
}

#[test]
fn a_token_across_cells_has_a_rectangle_for_each_frame() {
    let tower = tower("siglip-384", Fit::Squash);
    let plan = plan(
        &frames(6),
        &Strategy::Thumbnail {
            cells: Cells::in_time(6),
        },
        tower.geometry,
    )
    .unwrap();
    let table = TokensJson::new(&plan, &tower, None, |_| (640, 360));
    let token = &table.tokens[13];
    assert_eq!(token.frames, [0, 1]);
    assert_eq!(token.rect, Some([182.0 / 192.0, 0.0, 1.0, 14.0 / 128.0]));
    assert_eq!(token.other_rects, [Some([0.0, 0.0, 4.0 / 192.0, 14.0 / 128.0])]);
    assert!(
        table
            .tokens
            .iter()
            .all(|token| token.other_rects.len() + 1 == token.frames.len())
    );
}

#[test]
fn newlines_and_padding_show_no_part_of_a_frame() {
    let tower = tower("clip-l-336", Fit::Pad);
    let strategy = Strategy::ImageGrid {
        row_ends: RowEnds::Newline,
    };
    let plan = plan(&frames(1), &strategy, tower.geometry).unwrap();
    let table = TokensJson::new(&plan, &tower, None, |_| (1920, 1080));
    assert_eq!(table.tokens[0].rect, None, "the first row of patches is padding");
    assert_eq!(table.tokens[0].frames, [0]);
    assert!(table.tokens[12 * 25].rect.is_some());
    let newline = &table.tokens[24];
    assert_eq!(
        (newline.op.as_str(), newline.rect, newline.frames.len()),
        ("newline", None, 0)
    );
    assert_eq!(table.counts.total, 576 + 24);
}

#[test]
fn parts_of_the_square_are_found_again_in_the_source() {
    let whole = UnitRect::WHOLE;
    assert_eq!(Fit::Squash.source_rect(whole, 1920, 1080), Some(whole));
    assert_eq!(Fit::Pad.source_rect(whole, 400, 100), Some(whole));
    assert_eq!(
        Fit::Pad.source_rect(unit(0.0, 0.0, 1.0, 0.25), 400, 100),
        None,
        "padding"
    );
    let band = Fit::Pad.source_rect(unit(0.0, 0.25, 0.5, 0.5), 400, 100);
    assert_eq!(
        band,
        Some(unit(0.0, 0.0, 0.5, 0.5)),
        "the half of the padding above the frame is cut off"
    );
    assert_eq!(
        Fit::Crop.source_rect(whole, 400, 100),
        Some(unit(0.375, 0.0, 0.625, 1.0))
    );
    assert_eq!(
        Fit::Crop.source_rect(whole, 100, 400),
        Some(unit(0.0, 0.375, 1.0, 0.625))
    );
}
