//! From frames to visual tokens: plans, grids, preprocessing. Pure: no files, no clocks, no FFmpeg, no candle.
//!
//! The way through it:
//!
//! ```text
//! time stamps --sampling::choose--> frames --compose::plan--> Plan (data) --execute--> rows for the language model
//!                                     ^            ^                          ^  ^
//!                                  Sampling    Strategy, TowerGeometry     Encoder  frames fitted by preprocess::fit
//! ```
//!
//! [`preset::Preset`] gives a sampling and a strategy to start from; [`budget`] says whether the plan fits.

pub mod around;
mod bicubic;
pub mod budget;
pub mod compose;
pub mod encoder;
pub mod execute;
pub mod family;
pub mod geometry;
pub mod linspace;
pub mod notice;
pub mod plan;
pub mod pool;
pub mod preprocess;
pub mod preset;
pub mod recipe;
pub mod recipes;
pub mod rows;
pub mod sampling;
pub mod strategy;
mod taps;
pub mod tower;
pub mod tower_image;
pub mod words;
