//! Every strategy: how many tokens, in which order, from where.

use videre::visual::budget::{Budget, Verdict, shrunk_to_fit};
use videre::visual::compose::{PlanError, plan};
use videre::visual::encoder::NoCache;
use videre::visual::geometry::TowerGeometry;
use videre::visual::notice::Notice;
use videre::visual::plan::{ImageSource, Op, RowSource};
use videre::visual::preset::Preset;
use videre::visual::sampling::{Sampling, choose};
use videre::visual::strategy::{CellOrder, Cells, Order, RowEnds, Strategy};

use super::naming::{CLIP, NamingEncoder, frames, rows_of, run_with, small_tower};

fn and_sampled(n_thumbnails: usize, n_cells: usize, n_sampled: usize, order: Order) -> Strategy {
    Strategy::ThumbnailAndSampled {
        n_thumbnails,
        cells: Cells::in_time(n_cells),
        n_sampled,
        order,
    }
}

#[test]
fn presets_have_the_token_counts_of_the_table() {
    let table = [
        (Preset::Frame, 1, 576, 0),
        (Preset::Fast, 1, 0, 576),
        (Preset::Balanced, 17, 1728, 576),
    ];
    for (preset, n_images, sampled, thumbnail) in table.into_iter().chain([(Preset::Paper, 51, 2880, 576)]) {
        let pts: Vec<f64> = (0..300).map(|index| f64::from(index) / 30.0).collect();
        let chosen = choose(&pts, None, &preset.sampling()).unwrap();
        let plan = plan(&chosen, &preset.strategy(CLIP), CLIP).unwrap();
        let counts = plan.counts();
        assert_eq!(
            (counts.sampled, counts.thumbnail),
            (sampled, thumbnail),
            "{preset:?}"
        );
        assert_eq!(counts.total, preset.n_tokens(CLIP));
        assert_eq!(plan.rows.len(), counts.total);
        assert_eq!(plan.cost().n_tower_passes, n_images);
        assert_eq!(plan.notices, []);
    }
    let counts = |strategy: &Strategy| plan(&frames(50), strategy, CLIP).unwrap().counts().total;
    assert_eq!(
        counts(&and_sampled(2, 4, 1728, Order::ThumbnailFirst)),
        2880,
        "W1a"
    );
    assert_eq!(
        counts(&and_sampled(3, 4, 2304, Order::ThumbnailFirst)),
        4032,
        "W2b"
    );
    assert_eq!(
        counts(&Strategy::SlowFast {
            n_slow: 10,
            fast_side: 4
        }),
        3680
    );
    let z2 = plan(
        &frames(36),
        &Strategy::Thumbnails {
            cells: Cells::in_time(6),
        },
        CLIP,
    )
    .unwrap();
    assert_eq!(z2.counts().total, 3456);
}

#[test]
fn thumbnail_and_sampled_tokens_come_in_the_papers_order() {
    let n_patches = small_tower().n_patches() as usize;
    let sampled_first = and_sampled(1, 6, 5 * n_patches, Order::SampledFirst);
    let plan_v = plan(&frames(50), &sampled_first, small_tower()).unwrap();
    let rows = rows_of(&plan_v);
    let (sampled, thumbnail) = rows.split_at(5 * n_patches);
    let last = 50 * n_patches - 1;
    for (row, index) in sampled
        .iter()
        .zip(videre::visual::linspace::even_indices(last + 1, 5 * n_patches))
    {
        assert_eq!(*row, ((index / n_patches) as f32, (index % n_patches) as f32));
    }
    // 3 x 2 cells of 4 x 6 patches, left to right and then down.
    let shown = [0.0, 10.0, 20.0, 29.0, 39.0, 49.0];
    for (patch, row) in thumbnail.iter().enumerate() {
        let cell = patch / 12 / 4 * 2 + patch % 12 / 6;
        assert_eq!(*row, (shown[cell], patch as f32));
    }
    let thumbnail_first = and_sampled(1, 6, 5 * n_patches, Order::ThumbnailFirst);
    let y = rows_of(&plan(&frames(50), &thumbnail_first, small_tower()).unwrap());
    assert_eq!(y[..n_patches], *thumbnail);
    assert_eq!(y[n_patches..], *sampled);
}

#[test]
fn thumbnails_take_consecutive_chunks() {
    let n_patches = small_tower().n_patches() as usize;
    let z = plan(
        &frames(14),
        &Strategy::Thumbnails {
            cells: Cells::in_time(4),
        },
        small_tower(),
    )
    .unwrap();
    assert_eq!(z.notices, [Notice::RemainderDropped { n_frames: 2 }]);
    let rows = rows_of(&z);
    assert_eq!(rows.len(), 3 * n_patches);
    for (grid, rows) in rows.chunks_exact(n_patches).enumerate() {
        let corners = [rows[0].0, rows[11].0, rows[132].0, rows[143].0];
        let first = grid as f32 * 4.0;
        assert_eq!(corners, [first, first + 1.0, first + 2.0, first + 3.0]);
    }
    let w = plan(
        &frames(50),
        &and_sampled(2, 4, 100, Order::ThumbnailFirst),
        small_tower(),
    )
    .unwrap();
    let shown: Vec<usize> = w.images[..2]
        .iter()
        .flat_map(ImageSource::frames)
        .map(|f| f.index)
        .collect();
    assert_eq!(shown, [0, 7, 14, 21, 28, 35, 42, 49]);
}

#[test]
fn shuffled_cells_depend_on_the_seed_alone() {
    let shuffled = |seed| {
        let cells = Cells {
            n_cells: 8,
            order: CellOrder::Shuffled { seed },
        };
        let plan = plan(&frames(50), &Strategy::Thumbnail { cells }, small_tower()).unwrap();
        plan.images[0]
            .frames()
            .iter()
            .map(|frame| frame.index)
            .collect::<Vec<_>>()
    };
    assert_eq!(shuffled(7), shuffled(7));
    assert_ne!(shuffled(7), shuffled(8));
    let mut sorted = shuffled(7);
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 7, 14, 21, 28, 35, 42, 49]);
}

#[test]
fn slow_fast_pools_projected_rows() {
    let strategy = Strategy::SlowFast {
        n_slow: 2,
        fast_side: 4,
    };
    let plan = plan(&frames(4), &strategy, small_tower()).unwrap();
    let mut encoder = NamingEncoder::new(plan.geometry);
    let rows = run_with(&plan, &mut encoder, &mut NoCache);
    let row = |at: usize| &rows.data[at * 3..][..3];
    assert_eq!(rows.n_rows, 2 * 72 + 4 * 16);
    assert_eq!(
        row(0),
        [0.0, 1.0, 0.0],
        "the larger of patches 0 and 1, channel by channel"
    );
    assert_eq!(row(71), [0.0, 143.0, -142.0]);
    assert_eq!(row(72)[0].round(), 2.0, "the second slow frame is frame 2 of 4");
    assert_eq!(row(144)[1], 13.0, "the mean of patches 0 1 2, 12 13 14, 24 25 26");
    assert_eq!(
        encoder.n_projected,
        4 * 144,
        "slow and fast share projected patches"
    );
}

#[test]
fn an_image_grid_ends_its_rows_with_newlines() {
    let strategy = Strategy::ImageGrid {
        row_ends: RowEnds::Newline,
    };
    let plan = plan(&frames(6), &strategy, small_tower()).unwrap();
    let rows = rows_of(&plan);
    assert_eq!(rows.len(), 12 * 13);
    for line in rows.chunks_exact(13) {
        assert!(line[..12].iter().all(|(frame, _)| *frame >= 0.0));
        assert_eq!(line[12], (-1.0, -1.0));
    }
    assert_eq!(plan.provenance(12).op, Op::Newline);
    assert_eq!(plan.counts().newline, 12);
}

#[test]
fn texts_take_as_many_rows_as_they_have_tokens() {
    let mut plan = plan(&frames(2), &Strategy::EveryPatch, small_tower()).unwrap();
    plan.rows.insert(144, RowSource::Text("0:01".to_owned()));
    let mut encoder = NamingEncoder::new(plan.geometry);
    let rows = run_with(&plan, &mut encoder, &mut NoCache);
    assert_eq!(rows.n_rows, 2 * 144 + 4);
    assert_eq!(rows.data[144 * 3..][..3], [-2.0, f32::from(b'0'), 0.0]);
    assert_eq!(rows.data[148 * 3..][..2], [1.0, 0.0]);
}

#[test]
fn short_clips_keep_the_grid_and_say_so() {
    let strategy = Preset::Paper.strategy(CLIP);
    let one = plan(&frames(1), &strategy, CLIP).unwrap();
    assert_eq!((one.counts().sampled, one.counts().thumbnail), (576, 576));
    assert_eq!(
        one.notices,
        [
            Notice::FewerSampledTokens {
                n_asked: 2880,
                n_tokens: 576
            },
            Notice::CellsRepeated {
                n_cells: 6,
                n_distinct: 1
            },
        ]
    );
    let three = plan(
        &frames(3),
        &Strategy::Thumbnail {
            cells: Cells::in_time(6),
        },
        CLIP,
    )
    .unwrap();
    let shown: Vec<usize> = three.images[0].frames().iter().map(|frame| frame.index).collect();
    assert_eq!(shown, [0, 0, 1, 1, 2, 2]);
}

#[test]
fn a_frame_chosen_twice_is_encoded_once() {
    let pts: Vec<f64> = (0..5).map(f64::from).collect();
    let chosen = choose(&pts, None, &Sampling::Uniform { n_frames: 50 }).unwrap();
    let plan = plan(&chosen, &Strategy::EveryPatch, small_tower()).unwrap();
    assert_eq!(plan.counts().total, 5 * 144, "0, 1, 2, 2, 3 as in the reference");
    assert_eq!(plan.cost().n_tower_passes, 4);
    assert!(plan.notices.contains(&Notice::FramesRepeated {
        n_chosen: 5,
        n_distinct: 4
    }));
    assert_eq!(rows_of(&plan)[3 * 144], (2.0, 0.0));
}

#[test]
fn a_patch_across_two_cells_names_both() {
    let tower = TowerGeometry::SIGLIP_384;
    let plan = plan(
        &frames(6),
        &Strategy::Thumbnail {
            cells: Cells::in_time(6),
        },
        tower,
    )
    .unwrap();
    // 27 x 27 patches of 14 pixels; cells are 128 x 192. Column 13 spans 182 to 196, row 9 spans 126 to 140.
    let shown = |row: u32, col: u32| {
        let regions = plan.provenance((row * 27 + col) as usize).regions;
        regions
            .iter()
            .map(|region| region.frame.index)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(0, 0), [0]);
    assert_eq!(shown(0, 13), [0, 1]);
    assert_eq!(shown(9, 0), [0, 2]);
    assert_eq!(shown(9, 13), [0, 1, 2, 3]);
    let rect = plan.provenance(13).regions[1].rect;
    assert_eq!(
        (rect.left, rect.top, rect.right, rect.bottom),
        (0.0, 0.0, 4.0 / 192.0, 14.0 / 128.0)
    );
    assert_eq!(
        plan.notices,
        [Notice::PatchesStraddle {
            n_tokens: 27 + 2 * 27 - 2
        }]
    );
}

#[test]
fn marks_say_what_each_frame_gives() {
    let plan = plan(&frames(50), &Preset::Paper.strategy(CLIP), CLIP).unwrap();
    let marks = plan.marks();
    assert_eq!(marks.len(), 50);
    assert_eq!(marks.iter().map(|mark| mark.n_tokens).sum::<usize>(), 2880);
    let cells: Vec<usize> = marks
        .iter()
        .filter(|mark| mark.n_cells == 1)
        .map(|mark| mark.frame.index)
        .collect();
    assert_eq!(cells, [0, 10, 20, 29, 39, 49]);
}

#[test]
fn what_cannot_be_planned_is_refused_before_memory_is_spent() {
    let refused = |n_frames, strategy: &Strategy| plan(&frames(n_frames), strategy, CLIP).unwrap_err();
    assert_eq!(refused(0, &Strategy::EveryPatch), PlanError::NoFrames);
    assert!(matches!(
        refused(5, &Strategy::Sampled { n_sampled: 0 }),
        PlanError::ZeroTokens { .. }
    ));
    assert_eq!(
        refused(
            5,
            &Strategy::Thumbnail {
                cells: Cells::in_time(0)
            }
        ),
        PlanError::ZeroCells
    );
    for n_cells in [571, 577, usize::MAX] {
        let error = refused(
            5,
            &Strategy::Thumbnail {
                cells: Cells::in_time(n_cells),
            },
        );
        assert!(
            matches!(error, PlanError::TooManyCells { .. }),
            "{n_cells}: {error}"
        );
    }
    let huge = and_sampled(usize::MAX, 6, usize::MAX, Order::ThumbnailFirst);
    assert!(matches!(refused(5, &huge), PlanError::TooManyTokens { .. }));
    assert!(matches!(
        refused(2000, &Strategy::EveryPatch),
        PlanError::TooManyTokens { .. }
    ));
    let slow_fast = Strategy::SlowFast {
        n_slow: 10,
        fast_side: 25,
    };
    assert!(matches!(refused(5, &slow_fast), PlanError::BadFastSide { .. }));
}

#[test]
fn the_budget_is_known_before_anything_is_decoded() {
    let plan_of = |strategy: &Strategy| plan(&frames(50), strategy, CLIP).unwrap();
    let paper = plan_of(&Preset::Paper.strategy(CLIP));
    assert_eq!(
        Budget::of(&paper, 4096, 100, 512).verdict(),
        Verdict::Fits { n_spare: 28 }
    );
    let over = Budget::of(&paper, 2048, 100, 128);
    assert_eq!(
        over.verdict(),
        Verdict::Over {
            n_over: 1636,
            n_visual_fitting: 1820
        }
    );
    let smaller = shrunk_to_fit(&paper, 1820).unwrap();
    assert_eq!(plan_of(&smaller).counts().total, 1820);
    assert_eq!(shrunk_to_fit(&paper, 575), None, "the thumbnail alone is more");
}
