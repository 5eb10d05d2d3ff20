//! What the media role is asked. Each request brings the open file that it is about; a role keeps the last few that it looked
//! into.

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Check, Pixels};
use crate::video::{PreviewSize, Probe, VideoFile};
use crate::visual::preprocess::Fit;
use crate::visual::sampling::FrameRef;
use crate::worker::{Lane, MAX_WAITING_EVENTS, Message, Nothing, requests};

/// The media role's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaLane {
    /// For the person who looks: the viewer's pictures.
    Viewer,
    /// For the model's frames, so that scrubbing never waits behind an encoding.
    Encode,
    /// For strips of pictures: drawing one takes seconds, for which no picture of the viewer may wait.
    Strip,
    /// For the pictures of a plan, which are looked at while a video plays and another is encoded.
    Plan,
    /// For listing the frames of a file, which may take minutes: whoever looks at it meanwhile is served.
    List,
    /// For frames as they are, which are many and large.
    Whole,
}

impl Lane for MediaLane {
    fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Encode => "encode",
            Self::Strip => "strip",
            Self::Plan => "plan",
            Self::List => "list",
            Self::Whole => "whole",
        }
    }

    fn max_waiting_events(self) -> usize {
        match self {
            // One of 8K takes 200 MB.
            Self::Whole => 1,
            _ => MAX_WAITING_EVENTS,
        }
    }
}

requests! {
    /// All that the media role is asked.
    MediaRequest for MediaProtocol on MediaLane {
        Open: List, Indexing => Opened;
        FitForModel: Encode, Fitted => ();
        FitForPlan: Plan, Fitted => ();
        DrawFrame: Viewer, Nothing => Picture;
        DrawFirst: Viewer, Nothing => FirstPicture;
        DrawNear: Viewer, Nothing => Option<Glimpse>;
        DrawStrip: Strip, Slide => ();
        DecodeFrame: Viewer, Nothing => FullFrame;
        DecodeFrames: Whole, FullFrame => ();
        ExamineMedia: Viewer, Nothing => Vec<Check>;
    }
}

impl MediaRequest {
    /// The file that it is about, if it is about one.
    pub(in crate::engine) fn video(&self) -> Option<&VideoFile> {
        match self {
            Self::Open(request) => Some(&request.video),
            Self::FitForModel(request) => Some(&request.video),
            Self::FitForPlan(request) => Some(&request.0.video),
            Self::DrawFrame(request) => Some(&request.video),
            Self::DrawFirst(request) => Some(&request.video),
            Self::DrawNear(request) => Some(&request.video),
            Self::DrawStrip(request) => Some(&request.video),
            Self::DecodeFrame(request) => Some(&request.video),
            Self::DecodeFrames(request) => Some(&request.video),
            Self::ExamineMedia(_) => None,
        }
    }
}

/// Finds out what a file is and lists its frames.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Open {
    /// The file.
    pub video: VideoFile,
}

/// How much of a file has been listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Indexing {
    /// From 0 to 1.
    pub fraction: f64,
    /// The whole list, to be kept: at the end, where it was made for this request.
    #[serde(skip)]
    pub list: Vec<u8>,
}

/// A file that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// What it is.
    pub probe: Probe,
    /// How long it runs: from the list of frames, or as the file says where there is none.
    pub duration_secs: f64,
    /// The time stamp of every displayable frame in seconds, ascending; none where they are not listed.
    #[serde(skip)]
    pub pts_secs: Vec<f64>,
}

/// Frames in the square of a tower: a [`Fitted`] for each different index, ascending.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FitForModel {
    /// The file.
    pub video: VideoFile,
    /// Indices of frames.
    pub indices: Vec<usize>,
    /// How a frame becomes square.
    pub fit: Fit,
    /// Side of the square, pixels.
    pub side_px: u32,
}

/// The same, for somebody who looks at the pictures of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FitForPlan(pub FitForModel);

/// A frame in a tower's square.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Which one.
    pub frame: FrameRef,
    /// Its pixels.
    pub pixels: Pixels,
}

/// Draws a picture of a frame for the viewer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrawFrame {
    /// The file.
    pub video: VideoFile,
    /// The frame.
    pub index: usize,
    /// What it must fit into.
    pub within: PreviewSize,
    /// Whether a neighbour will do.
    pub closeness: Closeness,
}

/// Which frame's picture will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Closeness {
    /// This very frame's.
    Exact,
    /// The nearest one that is at hand: kept from before, or of a key frame.
    Near,
}

/// A compressed picture of a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The frame that it shows, which need not be the one that was asked for.
    pub index: usize,
    /// That frame's own time in seconds.
    pub pts_secs: f64,
    /// Pixels, square ones.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Smaller than it could be: for a pointer that moves on.
    pub is_coarse: bool,
    /// A JPEG file.
    #[serde(skip)]
    pub jpeg: Vec<u8>,
}

/// Says what a file is and draws its first picture without listing its frames: milliseconds after a file of hours was
/// named.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrawFirst {
    /// The file.
    pub video: VideoFile,
    /// What the picture must fit into.
    pub within: PreviewSize,
}

/// What a file is, and its first picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstPicture {
    /// The file, without a list of its frames.
    pub opened: Opened,
    /// Of its first frame.
    pub picture: Picture,
}

/// Draws the key frame nearest to a time, without listing the frames; nothing where the container finds none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrawNear {
    /// The file.
    pub video: VideoFile,
    /// Seconds.
    pub secs: f64,
    /// What the picture must fit into.
    pub within: PreviewSize,
}

/// A compressed picture of a frame that is known by its time alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Glimpse {
    /// Its own time in seconds.
    pub pts_secs: f64,
    /// Pixels, square ones.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A JPEG file.
    #[serde(skip)]
    pub jpeg: Vec<u8>,
}

/// Draws small pictures near these times, the cheapest there are: a [`Slide`] for each, in any order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrawStrip {
    /// The file.
    pub video: VideoFile,
    /// Seconds.
    pub at_secs: Vec<f64>,
    /// What each must fit into.
    pub within: PreviewSize,
}

/// One picture of a strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slide {
    /// Position among the times that were asked for.
    pub slot: usize,
    /// The picture.
    pub picture: Picture,
}

/// Decodes a frame as it is, for saving.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecodeFrame {
    /// The file.
    pub video: VideoFile,
    /// The frame.
    pub index: usize,
}

/// A frame as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FullFrame {
    /// Which one.
    pub frame: FrameRef,
    /// As displayed: rotation applied, pixel aspect not.
    pub pixels: Pixels,
}

/// Decodes frames as they are: a [`FullFrame`] for each different index, ascending.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecodeFrames {
    /// The file.
    pub video: VideoFile,
    /// Indices of frames.
    pub indices: Vec<usize>,
}

/// Looks at this build.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ExamineMedia;

impl Message for ExamineMedia {}

impl Message for Opened {
    fn take_bytes(&mut self) -> Vec<u8> {
        let pts_secs = std::mem::take(&mut self.pts_secs);
        pts_secs.iter().flat_map(|secs| secs.to_le_bytes()).collect()
    }

    fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        let (pts_secs, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(bytes);
        }
        self.pts_secs = pts_secs.iter().map(|secs| f64::from_le_bytes(*secs)).collect();
        Ok(())
    }
}

/// The open files of a request are those of its video.
macro_rules! about_a_video {
    ($($request:ident),+) => {$(
        impl Message for $request {
            fn take_files(&mut self) -> Vec<Arc<File>> {
                self.video.take_files()
            }

            fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
                self.video.put_files(files)
            }
        }
    )+};
}

about_a_video!(
    Open,
    FitForModel,
    DrawFrame,
    DrawFirst,
    DrawNear,
    DrawStrip,
    DecodeFrame,
    DecodeFrames
);

impl Message for FitForPlan {
    fn take_files(&mut self) -> Vec<Arc<File>> {
        self.0.take_files()
    }

    fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
        self.0.put_files(files)
    }
}

/// The bytes of a message are those of one of its fields.
macro_rules! bytes_of {
    ($($message:ty: $field:ident;)+) => {$(
        impl Message for $message {
            fn take_bytes(&mut self) -> Vec<u8> {
                self.$field.take_bytes()
            }

            fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
                self.$field.put_bytes(bytes)
            }
        }
    )+};
}

bytes_of! {
    Fitted: pixels;
    FullFrame: pixels;
    FirstPicture: picture;
    Slide: picture;
}

/// A field holds a file, whole.
macro_rules! file_of {
    ($($message:ty: $field:ident;)+) => {$(
        impl Message for $message {
            fn take_bytes(&mut self) -> Vec<u8> {
                std::mem::take(&mut self.$field)
            }

            fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
                self.$field = bytes;
                Ok(())
            }
        }
    )+};
}

file_of! {
    Indexing: list;
    Picture: jpeg;
    Glimpse: jpeg;
}
