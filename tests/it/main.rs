//! The one integration test binary.

/// What the sources may say: walls between modules, lengths, notices.
mod tidy;
