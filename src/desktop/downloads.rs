//! Models that can be fetched, and those on their way.

use super::Desktop;
use crate::api::window::{ApiError, Download, OfferedModel};
use crate::cancel::CancelToken;

impl Desktop {
    /// x
    pub fn catalogue(&self, _cancel: &CancelToken) -> Result<Vec<OfferedModel>, ApiError> {
        Ok(Vec::new())
    }
    /// x
    pub fn start_download(&self, _variant: &str) -> Result<(), ApiError> {
        Ok(())
    }
    /// x
    pub fn pause_download(&self, _variant: &str) -> Result<(), ApiError> {
        Ok(())
    }
    /// x
    pub fn discard_download(&self, _variant: &str) -> Result<(), ApiError> {
        Ok(())
    }
    /// x
    pub fn downloads(&self) -> Vec<Download> {
        Vec::new()
    }
    /// x
    pub fn remove_model(&self, _model: &str, _cancel: &CancelToken) -> Result<u64, ApiError> {
        Ok(0)
    }
}
