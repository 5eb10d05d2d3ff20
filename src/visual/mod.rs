//! From frames to visual tokens: plans, grids, preprocessing. Pure: no files, no clocks, no FFmpeg, no candle.
