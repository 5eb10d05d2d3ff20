//! A recipe is a plan in small: it makes the same one again, and its digest tells plans apart.

use videre::visual::geometry::TowerGeometry;
use videre::visual::plan::Plan;
use videre::visual::pool::{Pool, PoolOp};
use videre::visual::preprocess::Fit;
use videre::visual::recipe::Recipe;
use videre::visual::recipes::VideoFamily;
use videre::visual::sampling::FrameRef;
use videre::visual::strategy::{CellOrder, Cells, Newlines, Order, RowEnds, Strategy, StrategyName};
use videre::visual::words::Told;

fn frames(n_frames: usize) -> Vec<FrameRef> {
    let frame = |index: usize| FrameRef {
        index: 3 * index,
        pts_secs: index as f64 * 0.1,
    };
    (0..n_frames).map(frame).collect()
}

fn pooled(pool: Pool, told: Told) -> Strategy {
    Strategy::Pooled {
        pool,
        newlines: Newlines::None,
        told,
    }
}

fn plan(strategy: &Strategy, n_frames: usize) -> Plan {
    let recipe = Recipe {
        frames: frames(n_frames),
        strategy: strategy.clone(),
        geometry: TowerGeometry::CLIP_L_224,
        fit: Fit::Squash,
        duration_secs: 4.2,
    };
    recipe.plan().expect("it has a plan")
}

#[test]
fn a_recipe_that_travelled_makes_the_very_plan_that_it_was_taken_from() {
    for name in StrategyName::ALL {
        let mut planned = plan(&name.strategy(TowerGeometry::CLIP_L_224), 12);
        planned.fit = Fit::Pad;
        let sent = serde_json::to_string(&planned.recipe()).expect("it is plain data");
        let arrived: Recipe = serde_json::from_str(&sent).expect("it is what was sent");
        assert_eq!(arrived, planned.recipe(), "{sent}");
        let again = arrived.plan().expect("it has a plan");
        assert_eq!(again.digest(), planned.digest(), "{name:?}");
        assert_eq!(
            (again.images, again.rows),
            (planned.images, planned.rows),
            "{name:?}"
        );
    }
}

#[test]
fn plans_that_show_a_model_something_else_have_different_digests() {
    let cells = Cells::in_time(4);
    let shuffled = Cells {
        order: CellOrder::Shuffled { seed: 7 },
        ..cells
    };
    let both = |order| Strategy::ThumbnailAndSampled {
        n_thumbnails: 1,
        cells,
        n_sampled: 20,
        order,
    };
    let strategies = [
        Strategy::EveryPatch,
        Strategy::Sampled { n_sampled: 20 },
        Strategy::Sampled { n_sampled: 21 },
        Strategy::Thumbnail { cells },
        Strategy::Thumbnail { cells: shuffled },
        both(Order::SampledFirst),
        both(Order::ThumbnailFirst),
        Strategy::SlowFast {
            n_slow: 4,
            fast_side: 2,
        },
        Strategy::SlowFast {
            n_slow: 4,
            fast_side: 4,
        },
        Strategy::ImageGrid {
            row_ends: RowEnds::Plain,
        },
        Strategy::ImageGrid {
            row_ends: RowEnds::Newline,
        },
        pooled(Pool::by_stride(2, PoolOp::Mean), Told::KeyFrames),
        pooled(Pool::by_stride(2, PoolOp::Max), Told::KeyFrames),
        pooled(Pool::by_stride(2, PoolOp::Bilinear), Told::KeyFrames),
        pooled(Pool::by_stride(3, PoolOp::Bilinear), Told::KeyFrames),
        pooled(Pool::within(300), Told::KeyFrames),
        pooled(Pool::by_stride(2, PoolOp::Mean), Told::Times),
        StrategyName::Interleaved.strategy(TowerGeometry::CLIP_L_224),
    ];
    let plans = strategies
        .iter()
        .flat_map(|strategy| [plan(strategy, 8), plan(strategy, 9)]);
    let plans: Vec<Plan> = plans.collect();
    for (at, one) in plans.iter().enumerate() {
        for other in &plans[..at] {
            let is_same =
                one.rows == other.rows && one.images == other.images && one.sentence == other.sentence;
            assert_eq!(
                one.digest() == other.digest(),
                is_same,
                "{:?} {:?}",
                one.strategy,
                other.strategy
            );
        }
    }
}

/// The JSON that lies with every answer that was ever kept.
#[test]
fn a_strategy_is_written_as_it_always_was() {
    let kept = [
        (Strategy::EveryPatch, r#"{"name":"every-patch"}"#),
        (
            Strategy::Sampled { n_sampled: 5 },
            r#"{"name":"sampled","n_sampled":5}"#,
        ),
        (
            Strategy::Thumbnail {
                cells: Cells::in_time(6),
            },
            r#"{"name":"thumbnail","cells":{"n_cells":6,"shuffle_seed":null}}"#,
        ),
        (
            Strategy::ThumbnailAndSampled {
                n_thumbnails: 1,
                cells: Cells {
                    n_cells: 6,
                    order: CellOrder::Shuffled { seed: 3 },
                },
                n_sampled: 9,
                order: Order::ThumbnailFirst,
            },
            concat!(
                r#"{"name":"thumbnail-and-sampled","n_thumbnails":1,"cells":{"n_cells":6,"shuffle_seed":3},"#,
                r#""n_sampled":9,"thumbnail_first":true}"#
            ),
        ),
        (
            Strategy::SlowFast {
                n_slow: 10,
                fast_side: 4,
            },
            r#"{"name":"slow-fast","n_slow":10,"fast_side":4}"#,
        ),
        (
            Strategy::ImageGrid {
                row_ends: RowEnds::Newline,
            },
            r#"{"name":"image-grid","newlines":true}"#,
        ),
        (
            VideoFamily::LlavaVideo.recipe().strategy,
            concat!(
                r#"{"name":"pooled","pool":{"side":{"stride":2},"op":"bilinear","stage":"after"},"#,
                r#""newlines":"row","told":"times"}"#
            ),
        ),
        (
            pooled(Pool::within(3200), Told::KeyFrames),
            concat!(
                r#"{"name":"pooled","pool":{"side":{"budget":3200},"op":"mean","stage":"before"},"#,
                r#""newlines":"none","told":"key-frames"}"#
            ),
        ),
        (
            VideoFamily::SmolVlm2.recipe().strategy,
            concat!(
                r#"{"name":"interleaved","pool":null,"intro":"series","label":"clock","#,
                r#""before":"<fake_token_around_image><global-img>","after":"<fake_token_around_image>","outro":"\n\n","#,
                r#""told":"nothing"}"#
            ),
        ),
    ];
    for (strategy, json) in kept {
        assert_eq!(serde_json::to_string(&strategy).expect("it is plain data"), json);
        assert_eq!(
            serde_json::from_str::<Strategy>(json).expect("it reads"),
            strategy
        );
    }
}
