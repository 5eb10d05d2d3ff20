//! What holds for every strategy, clip and tower.

use proptest::prelude::{
    Just, ProptestConfig, TestCaseError, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::strategy::Strategy as _;
use videre::visual::compose::{PlanError, plan};
use videre::visual::geometry::TowerGeometry;
use videre::visual::plan::Op;
use videre::visual::pool::{Pool, PoolOp, PoolSide, PoolStage};
use videre::visual::strategy::{CellOrder, Cells, Newlines, Order, RowEnds, Strategy};
use videre::visual::words::{FrameWords, Label, Told};

use super::naming::{frames, rows_of, small_tower};

fn any_pool() -> impl proptest::strategy::Strategy<Value = Pool> {
    let side = prop_oneof![
        (1u32..8).prop_map(PoolSide::Stride),
        (1u32..14).prop_map(PoolSide::Side),
        (1usize..4000).prop_map(PoolSide::Budget),
    ];
    let op = prop_oneof![Just(PoolOp::Mean), Just(PoolOp::Max), Just(PoolOp::Bilinear)];
    let stage = prop_oneof![Just(PoolStage::After), Just(PoolStage::Before)];
    (side, op, stage).prop_map(|(side, op, stage)| Pool { side, op, stage })
}

fn any_strategy() -> impl proptest::strategy::Strategy<Value = Strategy> {
    let cells = (1usize..40, proptest::option::of(any::<u64>())).prop_map(|(n_cells, seed)| Cells {
        n_cells,
        order: seed.map_or(CellOrder::Time, |seed| CellOrder::Shuffled { seed }),
    });
    let order = prop_oneof![Just(Order::SampledFirst), Just(Order::ThumbnailFirst)];
    prop_oneof![
        Just(Strategy::EveryPatch),
        (1usize..5000).prop_map(|n_sampled| Strategy::Sampled { n_sampled }),
        cells.clone().prop_map(|cells| Strategy::Thumbnail { cells }),
        cells.clone().prop_map(|cells| Strategy::Thumbnails { cells }),
        (1usize..4, cells, 0usize..5000, order).prop_map(|(n_thumbnails, cells, n_sampled, order)| {
            Strategy::ThumbnailAndSampled {
                n_thumbnails,
                cells,
                n_sampled,
                order,
            }
        }),
        (1usize..20, 1u32..6).prop_map(|(n_slow, fast_side)| Strategy::SlowFast { n_slow, fast_side }),
        Just(Strategy::ImageGrid {
            row_ends: RowEnds::Newline
        }),
        (
            any_pool(),
            prop_oneof![Just(Newlines::None), Just(Newlines::Row), Just(Newlines::End)]
        )
            .prop_map(|(pool, newlines)| Strategy::Pooled {
                pool,
                newlines,
                told: Told::Times
            }),
        proptest::option::of(any_pool()).prop_map(|pool| Strategy::Interleaved {
            pool,
            words: FrameWords::labelled(Label::None),
            told: Told::Line
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_token_comes_from_inside_a_chosen_frame(
        n_frames in 1usize..60,
        side_px in 40u32..100,
        patch_px in 3u32..8,
        strategy in any_strategy(),
    ) {
        let tower = TowerGeometry::new(side_px, patch_px).unwrap();
        let plan = match plan(&frames(n_frames), &strategy, tower) {
            Ok(plan) => plan,
            Err(PlanError::TooManyCells { .. } | PlanError::BadFastSide { .. } | PlanError::BadPool { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(plan.counts().total, plan.rows.len());
        for row in 0..plan.rows.len() {
            let provenance = plan.provenance(row);
            prop_assert_eq!(provenance.regions.is_empty(), provenance.op == Op::Newline);
            for region in provenance.regions {
                let rect = region.rect;
                prop_assert!(region.frame.index < n_frames);
                prop_assert!(0.0 <= rect.left && rect.left < rect.right && rect.right <= 1.0, "{rect:?}");
                prop_assert!(0.0 <= rect.top && rect.top < rect.bottom && rect.bottom <= 1.0, "{rect:?}");
            }
        }
        for image in 0..plan.images.len() {
            prop_assert!(!plan.used_patches(image).is_empty(), "every image is used");
        }
    }

    #[test]
    fn the_executor_agrees_with_the_provenance(
        n_frames in 1usize..40,
        strategy in any_strategy(),
    ) {
        let Ok(plan) = plan(&frames(n_frames), &strategy, small_tower()) else { return Ok(()) };
        for (row, (frame, _)) in rows_of(&plan).into_iter().enumerate() {
            let provenance = plan.provenance(row);
            let shown: Vec<f32> = provenance.regions.iter().map(|region| region.frame.index as f32).collect();
            let low = shown.iter().copied().fold(f32::INFINITY, f32::min);
            let high = shown.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            // A cell's window may reach a pixel into nothing but its own frame, so the mean stays between them.
            prop_assert!(shown.is_empty() && frame == -1.0 || low <= frame && frame <= high, "{frame} of {shown:?}");
        }
    }
}
