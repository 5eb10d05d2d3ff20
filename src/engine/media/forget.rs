//! Removing what was kept of a video.

use super::MediaRole;
use crate::engine::requests::media::ForgetList;
use crate::fault::{Failure, Fault};
use crate::worker::{Call, Handle, Nothing};

impl Handle<ForgetList> for MediaRole {
    fn handle(
        &mut self,
        ForgetList { path }: ForgetList,
        _call: &mut Call<'_, Nothing>,
    ) -> Result<(), Failure> {
        self.lists.forget(path.as_ref()).map_err(|error| {
            let text = format!("the kept list of the video's frames could not be removed: {error}");
            Failure::new(Fault::of_writing(&error), text)
        })
    }
}
