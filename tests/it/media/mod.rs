//! The media module against the FFmpeg programs, on the clips of `tests/clips`, and against files that mean harm.

mod clips;
mod exactness;
mod filmstrip;
mod glimpse;
mod hostile;
mod probe;
mod reference;
mod sparse;
mod times;
