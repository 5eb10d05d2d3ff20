//! What the two roles are asked, and on which lanes.

use crate::api::{MediaEvent, MediaRequest, ModelEvent, ModelRequest};
use crate::worker::{Lane, Protocol};

/// Files to frames.
#[derive(Clone, Copy, Debug)]
pub struct MediaProtocol;

impl Protocol for MediaProtocol {
    type Request = MediaRequest;
    type Event = MediaEvent;
}

/// Frames and words to answers.
#[derive(Clone, Copy, Debug)]
pub struct ModelProtocol;

impl Protocol for ModelProtocol {
    type Request = ModelRequest;
    type Event = ModelEvent;
}

/// The media role's lane for the person who looks: the viewer's pictures.
pub const VIEWER_LANE: Lane = Lane(0);
/// The media role's lane for the model's frames, so that scrubbing never waits behind an encoding.
pub const ENCODE_LANE: Lane = Lane(1);
/// The media role's lane for strips of pictures: drawing one takes seconds, for which no picture of the viewer may wait.
pub const STRIP_LANE: Lane = Lane(2);
/// The media role's lane for the pictures of a plan, which are looked at while a video plays and another is encoded.
pub const SEES_LANE: Lane = Lane(3);
/// The media role's lane for listing the frames of a file, which may take minutes: whoever looks at it meanwhile is served.
pub const LIST_LANE: Lane = Lane(4);
/// The model role's lane for work.
pub const WORK_LANE: Lane = Lane(0);
/// The model role's lane for frames that running work waits for.
pub const FEED_LANE: Lane = Lane(1);
/// The model role's lane for what is known without loading anything: nobody who looks waits behind work.
pub const LOOK_LANE: Lane = Lane(2);
/// The model role's lane for holding work up: behind nothing that waits for that work.
pub const HOLD_LANE: Lane = Lane(3);
