//! What a plan makes of the frames, collected while they are decoded one after the other.

use crate::clock::clock;
use crate::failure::Failure;
use crate::sheet::{FrameTile, TowerPicture, fitted};
use image::RgbImage;
use std::collections::BTreeMap;
use videre::visual::geometry::{PixelRect, UnitRect};
use videre::visual::plan::{Grid, ImageSource, Plan};
use videre::visual::preprocess::fit;
use videre::visual::sampling::FrameRef;
use videre::visual::tower::TowerInput;
use videre::visual::tower_image::{Canvas, TowerImage};

/// A tile of the contact sheet is never larger than this.
const TILE_PX: u32 = 480;

/// The pictures so far. Full frames are not among them, so that memory does not grow with the video's size.
pub(super) struct Seen<'a> {
    plan: &'a Plan,
    tower: &'a TowerInput,
    thumbnails: Vec<(&'a Grid, Canvas<'a>)>,
    tiles: BTreeMap<usize, FrameTile>,
    /// Width and height of each frame as displayed.
    sizes: BTreeMap<usize, (u32, u32)>,
    /// The first frame as the tower sees it, for plans without thumbnails.
    first: Option<TowerPicture>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(plan: &'a Plan, tower: &'a TowerInput) -> Self {
        let grid = |image: &'a ImageSource| match image {
            ImageSource::Grid(grid) => Some((grid, Canvas::new(grid, tower.geometry.side_px()))),
            ImageSource::Frame(_) => None,
        };
        let thumbnails = plan.images.iter().filter_map(grid).collect();
        Self {
            plan,
            tower,
            thumbnails,
            tiles: BTreeMap::new(),
            sizes: BTreeMap::new(),
            first: None,
        }
    }

    /// Takes a frame as displayed. Returns the parts of it that are read one by one, if it is encoded by itself.
    pub(super) fn add(
        &mut self,
        frame: FrameRef,
        picture: &RgbImage,
    ) -> Result<Option<Vec<UnitRect>>, Failure> {
        let square = fit(picture, self.tower.fit, self.tower.geometry.side_px())?;
        let tower_image = TowerImage::from_fitted(&square, &self.tower.normalization);
        for (_, canvas) in &mut self.thumbnails {
            canvas.place(frame, &tower_image);
        }
        if self.first.is_none() {
            let caption = format!("The frame at {}, as the tower gets it", clock(frame.pts_secs));
            self.first = Some(TowerPicture {
                pixels: square,
                caption,
                cells: Vec::new(),
            });
        }
        let lit = self.lit(frame, picture);
        let tile = FrameTile {
            picture: fitted(picture, TILE_PX, TILE_PX),
            pts_secs: frame.pts_secs,
            lit: lit.clone().unwrap_or_default(),
            in_thumbnail: self.thumbnails.iter().any(|(grid, _)| shows(grid, frame)),
        };
        self.tiles.insert(frame.index, tile);
        self.sizes.insert(frame.index, picture.dimensions());
        Ok(lit)
    }

    /// Width and height of a frame that was added, as displayed.
    pub(super) fn size_of(&self, frame: FrameRef) -> (u32, u32) {
        self.sizes[&frame.index]
    }

    /// The patches of a frame that are read, as parts of the frame as displayed.
    fn lit(&self, frame: FrameRef, picture: &RgbImage) -> Option<Vec<UnitRect>> {
        let is_frame =
            |image: &ImageSource| matches!(image, ImageSource::Frame(one) if one.index == frame.index);
        let image = self.plan.images.iter().position(is_frame)?;
        let geometry = self.tower.geometry;
        let side_px = geometry.side_px();
        let square = PixelRect {
            left: 0,
            top: 0,
            right: side_px,
            bottom: side_px,
        };
        let in_frame = |patch: u32| {
            let rect = geometry.pixels_of(geometry.patch_at(patch)).within(square);
            self.tower
                .fit
                .source_rect(rect, picture.width(), picture.height())
        };
        Some(
            self.plan
                .used_patches(image)
                .into_iter()
                .filter_map(in_frame)
                .collect(),
        )
    }

    /// The images that enter the tower whole, and the tiles of all frames in the order of time.
    pub(super) fn into_pictures(self) -> (Vec<TowerPicture>, Vec<FrameTile>) {
        let n_thumbnails = self.thumbnails.len();
        let (side_px, normalization) = (self.tower.geometry.side_px(), &self.tower.normalization);
        let thumbnails = self.thumbnails.into_iter().map(|(grid, canvas)| TowerPicture {
            pixels: canvas.into_image().to_picture(normalization),
            caption: match n_thumbnails {
                1 => "The thumbnail, pixel for pixel".to_owned(),
                n => format!("The {n} thumbnails"),
            },
            cells: cells(grid, side_px),
        });
        let mut images: Vec<TowerPicture> = thumbnails.collect();
        if images.is_empty() {
            images.extend(self.first);
        }
        (images, self.tiles.into_values().collect())
    }
}

fn shows(grid: &Grid, frame: FrameRef) -> bool {
    grid.cells.iter().any(|cell| cell.index == frame.index)
}

/// Each cell's place and time.
fn cells(grid: &Grid, side_px: u32) -> Vec<(UnitRect, String)> {
    let square = PixelRect {
        left: 0,
        top: 0,
        right: side_px,
        bottom: side_px,
    };
    let cell = |(cell, frame): (usize, &FrameRef)| {
        (grid.cell_px(cell, side_px).within(square), clock(frame.pts_secs))
    };
    grid.cells.iter().enumerate().map(cell).collect()
}
