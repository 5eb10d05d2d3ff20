//! From a video file to frames: the only module that names FFmpeg.
