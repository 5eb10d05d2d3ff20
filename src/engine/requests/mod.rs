//! What the two roles are asked: a type for each request, with its lane, what comes while it is worked on, and its reply.
//!
//! Coordinator and worker ship together, so these have no compatibility to keep.

pub(super) mod media;
pub(super) mod model;
pub(super) mod open_model;

use serde::{Deserialize, Serialize};

use crate::worker::Message;

/// Something of this build or this machine that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

impl Message for Check {}

impl Check {
    /// Something that is as it should be.
    #[must_use]
    pub fn good(name: &str, found: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: true,
            found: found.into(),
            hint: None,
        }
    }

    /// Something that is not.
    #[must_use]
    pub fn bad(name: &str, found: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: false,
            found: found.into(),
            hint,
        }
    }
}

/// Pixels of red, green and blue, a byte each, row by row. They travel as raw bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pixels {
    width: u32,
    height: u32,
    #[serde(skip)]
    rgb: Vec<u8>,
}

impl Pixels {
    /// The picture that they are; `None` where they are too few, which no message brings.
    #[must_use]
    pub fn into_image(self) -> Option<image::RgbImage> {
        image::RgbImage::from_raw(self.width, self.height, self.rgb)
    }
}

impl From<image::RgbImage> for Pixels {
    fn from(image: image::RgbImage) -> Self {
        Self {
            width: image.width(),
            height: image.height(),
            rgb: image.into_raw(),
        }
    }
}

impl Message for Pixels {
    fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rgb)
    }

    fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        let n_bytes = 3 * u64::from(self.width) * u64::from(self.height);
        if bytes.len() as u64 == n_bytes {
            self.rgb = bytes;
            Ok(())
        } else {
            Err(bytes)
        }
    }
}
