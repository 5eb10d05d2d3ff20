//! The vision tower's view of an image: a square of pixels cut into square patches.

use serde::{Deserialize, Serialize};

/// The square image a vision tower reads and the square patches it cuts it into.
///
/// Patches are numbered in reading order: patch `p` stands in row `p / patches_per_side()`, column
/// `p % patches_per_side()`. Where the patch side does not divide the image side (SigLIP: 384 and 14), the last
/// pixels of each row and column belong to no patch, as in a convolution without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TowerGeometry {
    side_px: u32,
    patch_px: u32,
}

/// A side and a patch that no tower can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a vision tower with images of {side_px} pixels and patches of {patch_px} pixels makes no sense: \
     the patch must be at least one pixel and at most the image, the image at most {max_side_px} pixels",
    max_side_px = TowerGeometry::MAX_SIDE_PX
)]
pub struct GeometryError {
    /// Side of the image in pixels.
    pub side_px: u32,
    /// Side of a patch in pixels.
    pub patch_px: u32,
}

impl TowerGeometry {
    /// The largest image side accepted. Towers in use have 224 to 980; the limit keeps a corrupt model file from
    /// asking for gigabytes.
    pub const MAX_SIDE_PX: u32 = 4096;

    /// OpenAI's CLIP ViT-L/14 at 336 pixels, the tower of LLaVA 1.5 and 1.6: 24 x 24 patches.
    pub const CLIP_L_336: Self = Self {
        side_px: 336,
        patch_px: 14,
    };

    /// OpenAI's CLIP ViT-L/14 at 224 pixels: 16 x 16 patches.
    pub const CLIP_L_224: Self = Self {
        side_px: 224,
        patch_px: 14,
    };

    /// Google's SigLIP so400m/14 at 384 pixels: 27 x 27 patches and 6 pixels left over on each side.
    pub const SIGLIP_384: Self = Self {
        side_px: 384,
        patch_px: 14,
    };

    /// A tower that reads squares of `side_px` pixels in patches of `patch_px` pixels.
    ///
    /// # Errors
    /// [`GeometryError`] when the patch is empty or larger than the image, or the image above
    /// [`TowerGeometry::MAX_SIDE_PX`].
    pub fn new(side_px: u32, patch_px: u32) -> Result<Self, GeometryError> {
        if patch_px == 0 || patch_px > side_px || side_px > Self::MAX_SIDE_PX {
            return Err(GeometryError { side_px, patch_px });
        }
        Ok(Self { side_px, patch_px })
    }

    /// Side of the image in pixels.
    #[must_use]
    pub fn side_px(self) -> u32 {
        self.side_px
    }

    /// Side of a patch in pixels.
    #[must_use]
    pub fn patch_px(self) -> u32 {
        self.patch_px
    }

    /// How many patches stand in a row, and how many rows there are: 24 for CLIP-L/336.
    #[must_use]
    pub fn patches_per_side(self) -> u32 {
        self.side_px / self.patch_px
    }

    /// How many patches, and so tokens, one image has: 576 for CLIP-L/336.
    #[must_use]
    pub fn n_patches(self) -> u32 {
        self.patches_per_side() * self.patches_per_side()
    }

    /// The rectangle of patches that is the one patch `patch`.
    #[must_use]
    pub fn patch_at(self, patch: u32) -> PatchRect {
        let per_side = self.patches_per_side();
        PatchRect {
            row: patch / per_side,
            col: patch % per_side,
            n_rows: 1,
            n_cols: 1,
        }
    }

    /// The patches inside `rect`, in reading order.
    pub fn patches_in(self, rect: PatchRect) -> impl Iterator<Item = u32> {
        let per_side = self.patches_per_side();
        (rect.row..rect.row + rect.n_rows)
            .flat_map(move |row| (rect.col..rect.col + rect.n_cols).map(move |col| row * per_side + col))
    }

    /// Whether `rect` is not empty and lies inside the image.
    #[must_use]
    pub fn contains(self, rect: PatchRect) -> bool {
        let per_side = self.patches_per_side();
        let fits = |start: u32, n: u32| n > 0 && start.checked_add(n).is_some_and(|end| end <= per_side);
        fits(rect.row, rect.n_rows) && fits(rect.col, rect.n_cols)
    }

    /// The pixels of the tower's image that `rect` covers.
    #[must_use]
    pub fn pixels_of(self, rect: PatchRect) -> PixelRect {
        PixelRect {
            left: rect.col * self.patch_px,
            top: rect.row * self.patch_px,
            right: (rect.col + rect.n_cols) * self.patch_px,
            bottom: (rect.row + rect.n_rows) * self.patch_px,
        }
    }
}

/// A rectangle in units of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PatchRect {
    /// First row of patches, from the top.
    pub row: u32,
    /// First column of patches, from the left.
    pub col: u32,
    /// Number of rows.
    pub n_rows: u32,
    /// Number of columns.
    pub n_cols: u32,
}

impl PatchRect {
    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        let (row, col) = (self.row.min(other.row), self.col.min(other.col));
        let end = |start: u32, n: u32, other: u32, n_other: u32| (start + n).max(other + n_other);
        Self {
            row,
            col,
            n_rows: end(self.row, self.n_rows, other.row, other.n_rows) - row,
            n_cols: end(self.col, self.n_cols, other.col, other.n_cols) - col,
        }
    }
}

/// A rectangle in pixels of the tower's square image; `right` and `bottom` are excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// One past the last column.
    pub right: u32,
    /// One past the last row.
    pub bottom: u32,
}

impl PixelRect {
    /// Width in pixels.
    #[must_use]
    pub fn width(self) -> u32 {
        self.right - self.left
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(self) -> u32 {
        self.bottom - self.top
    }

    /// The pixels that both rectangles share, if any.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        let both = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        (both.left < both.right && both.top < both.bottom).then_some(both)
    }

    /// This rectangle as fractions of `whole`, which contains it.
    #[must_use]
    pub fn within(self, whole: Self) -> UnitRect {
        let along = |at: u32, start: u32, length: u32| f64::from(at - start) / f64::from(length);
        UnitRect {
            left: along(self.left, whole.left, whole.width()),
            top: along(self.top, whole.top, whole.height()),
            right: along(self.right, whole.left, whole.width()),
            bottom: along(self.bottom, whole.top, whole.height()),
        }
    }
}

/// A rectangle as fractions of a picture's width and height: 0 is left or top, 1 is right or bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitRect {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Bottom edge.
    pub bottom: f64,
}

impl UnitRect {
    /// The whole picture.
    pub const WHOLE: Self = Self {
        left: 0.0,
        top: 0.0,
        right: 1.0,
        bottom: 1.0,
    };
}
