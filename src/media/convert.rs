//! From a decoder's frame to RGB, with the colours that decord and the `ffmpeg` program give.
#![expect(
    unsafe_code,
    reason = "swscale's colour matrix can only be set through its C interface"
)]

use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;
use image::RgbImage;

/// Everything that a scaling context depends on: when one of these changes in mid-stream, a new one is made.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    from_size: (u32, u32),
    from_format: i32,
    matrix: i32,
    range: Range,
    to_size: (u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    Limited,
    Full,
}

/// `SWS_BICUBIC` and `SWS_AREA` of libswscale/swscale.h, whose type differs from release to release.
const BICUBIC: i32 = 4;
const AREA: i32 = 0x20;

/// The size, as displayed, that a picture of a displayed size should have.
pub(super) type Sizing<'a> = dyn Fn((u32, u32)) -> (u32, u32) + 'a;

/// Converts frames to RGB and scales them, keeping the scaling context while frames stay alike.
pub(super) struct Converter {
    context: Option<(Shape, ScaleContext)>,
}

/// Why a frame could not be converted.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    /// FFmpeg cannot.
    #[error("no conversion from {format:?} at {width}x{height}")]
    NoConversion {
        /// The frame's.
        format: Pixel,
        /// The frame's.
        width: u32,
        /// The frame's.
        height: u32,
    },
    /// There is no memory for the picture.
    #[error("no memory")]
    NoMemory,
}

/// Owns an `SwsContext`.
struct ScaleContext(*mut ffi::SwsContext);

impl Drop for ScaleContext {
    fn drop(&mut self) {
        // SAFETY: the pointer came from sws_getContext and is freed only here.
        unsafe { ffi::sws_freeContext(self.0) }
    }
}

impl Converter {
    pub(super) fn new() -> Self {
        Self { context: None }
    }

    /// The frame as RGB at its own size.
    pub(super) fn full_size(&mut self, frame: &frame::Video) -> Result<RgbImage, ConvertError> {
        self.scaled(frame, (frame.width(), frame.height()))
    }

    /// The frame as RGB at `to_size`.
    ///
    /// Equal sizes take swscale's direct conversion, the one that `ffmpeg -pix_fmt rgb24` and decord take: bicubic
    /// without accurate rounding. The matrix is the frame's own, and BT.601 where it has none.
    pub(super) fn scaled(
        &mut self,
        frame: &frame::Video,
        to_size: (u32, u32),
    ) -> Result<RgbImage, ConvertError> {
        let failed = || ConvertError::NoConversion {
            format: frame.format(),
            width: frame.width(),
            height: frame.height(),
        };
        let shape = shape_of(frame, to_size);
        if self.context.as_ref().is_none_or(|(known, _)| *known != shape) {
            self.context = Some((shape, scale_context(shape).ok_or_else(failed)?));
        }
        let (_, context) = self.context.as_ref().ok_or_else(failed)?;

        // Into a frame of FFmpeg's own: its lines are padded, and swscale may write into the padding.
        let mut rgb = frame::Video::new(Pixel::RGB24, to_size.0, to_size.1);
        // SAFETY: both frames own buffers for their sizes and formats, which are those the context was made for
        // (`shape_of` was taken of this very frame). swscale knows negative line sizes.
        let n_lines = unsafe {
            if (*rgb.as_ptr()).data[0].is_null() {
                return Err(ConvertError::NoMemory);
            }
            ffi::sws_scale(
                context.0,
                (*frame.as_ptr()).data.as_ptr().cast(),
                (*frame.as_ptr()).linesize.as_ptr(),
                0,
                i32::try_from(frame.height()).map_err(|_too_high| failed())?,
                (*rgb.as_mut_ptr()).data.as_ptr(),
                (*rgb.as_mut_ptr()).linesize.as_ptr(),
            )
        };
        if n_lines <= 0 {
            return Err(failed());
        }
        let line = to_size.0 as usize * 3;
        let mut pixels = Vec::new();
        let reserved = pixels.try_reserve_exact(line * to_size.1 as usize);
        reserved.map_err(|_refused| ConvertError::NoMemory)?;
        for padded in rgb.data(0).chunks(rgb.stride(0)).take(to_size.1 as usize) {
            pixels.extend_from_slice(&padded[..line]);
        }
        RgbImage::from_raw(to_size.0, to_size.1, pixels).ok_or_else(failed)
    }
}

fn shape_of(frame: &frame::Video, to_size: (u32, u32)) -> Shape {
    // SAFETY: a frame from a decoder is a valid AVFrame; these are plain fields of it.
    let (from_format, matrix, range) = unsafe {
        let raw = &*frame.as_ptr();
        (raw.format, raw.colorspace as i32, raw.color_range)
    };
    // The `yuvj` formats say in their name what other formats say in a tag.
    let full = range == ffi::AVColorRange::AVCOL_RANGE_JPEG
        || matches!(
            frame.format(),
            Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P | Pixel::YUVJ411P
        );
    Shape {
        from_size: (frame.width(), frame.height()),
        from_format,
        matrix,
        range: if full { Range::Full } else { Range::Limited },
        to_size,
    }
}

fn scale_context(shape: Shape) -> Option<ScaleContext> {
    let size = |(width, height): (u32, u32)| Some((i32::try_from(width).ok()?, i32::try_from(height).ok()?));
    let (from_width, from_height) = size(shape.from_size)?;
    let (to_width, to_height) = size(shape.to_size)?;
    // Shrinking by much with a bicubic kernel costs more than it shows: small pictures are averaged over areas.
    let flags = if shape.to_size == shape.from_size {
        BICUBIC
    } else {
        AREA
    };
    // SAFETY: a context of no source and destination yet, filled through options by name, then initialised. The
    // tables come from swscale itself, which answers an unknown matrix with BT.601's.
    unsafe {
        let context = ScaleContext(ffi::sws_alloc_context());
        if context.0.is_null() {
            return None;
        }
        let set = |name: &std::ffi::CStr, value: i32| {
            ffi::av_opt_set_int(context.0.cast(), name.as_ptr(), i64::from(value), 0) >= 0
        };
        let all_set = set(c"srcw", from_width)
            && set(c"srch", from_height)
            && set(c"src_format", shape.from_format)
            && set(c"dstw", to_width)
            && set(c"dsth", to_height)
            && set(c"dst_format", ffi::AVPixelFormat::AV_PIX_FMT_RGB24 as i32)
            && set(c"src_range", i32::from(shape.range == Range::Full))
            && set(c"sws_flags", flags);
        // As FFmpeg's scale filter places the chroma of 4:2:0.
        let is_420 = shape.from_format == ffi::AVPixelFormat::AV_PIX_FMT_YUV420P as i32;
        if !all_set || (is_420 && !set(c"src_v_chr_pos", 128)) {
            return None;
        }
        if ffi::sws_init_context(context.0, std::ptr::null_mut(), std::ptr::null_mut()) < 0 {
            return None;
        }
        let table = ffi::sws_getCoefficients(shape.matrix);
        // Refused for RGB sources, which need no matrix.
        let _yuv_only = ffi::sws_setColorspaceDetails(
            context.0,
            table,
            i32::from(shape.range == Range::Full),
            table,
            0,
            0,
            1 << 16,
            1 << 16,
        );
        Some(context)
    }
}
