//! Just enough of H.264's syntax to see, without decoding, that no other frame refers to one.

/// How the units of a packet are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Each is preceded by its length in so many bytes (MP4, Matroska).
    Length(usize),
    /// Each is preceded by the bytes 0 0 1 (transport streams, AVI).
    StartCode,
}

impl Framing {
    /// Reads it off the stream's `extradata`: an `avcC` record (ISO/IEC 14496-15, 5.3.3.1.2) or units themselves.
    pub(super) fn of_h264(extradata: &[u8]) -> Self {
        match extradata {
            [1, _, _, _, length, ..] => Self::Length(usize::from(length & 3) + 1),
            _ => Self::StartCode,
        }
    }
}

/// Whether a packet holds slices only of a picture that nothing refers to (`nal_ref_idc` 0; ITU-T H.264, 7.4.1), so
/// that it may be dropped. A packet that carries parameter sets too, or that cannot be read, may not.
///
/// A decoder told to skip such frames does the same after taking them in, but each then takes a place among the
/// frames that it decodes side by side.
pub(super) fn is_droppable_h264(packet: &[u8], framing: Framing) -> bool {
    let mut n_slices = 0;
    let droppable = |header: u8, n_slices: &mut usize| match (header & 0x1f, header >> 5 & 3) {
        (1..=5, 0) => {
            *n_slices += 1;
            true
        }
        // Supplemental information, access unit delimiters and filler say nothing about later frames. Recovery
        // points do, and they come with frames that are referred to.
        (6 | 9 | 12, _) => true,
        _ => false,
    };
    match framing {
        Framing::Length(n) => {
            let mut rest = packet;
            while !rest.is_empty() {
                let Some((length, after)) = rest.split_at_checked(n) else {
                    return false;
                };
                let length = length
                    .iter()
                    .fold(0usize, |sum, &byte| sum << 8 | usize::from(byte));
                let Some((unit, after)) = after.split_at_checked(length) else {
                    return false;
                };
                if !unit
                    .first()
                    .is_some_and(|&header| droppable(header, &mut n_slices))
                {
                    return false;
                }
                rest = after;
            }
        }
        Framing::StartCode => {
            // A unit cannot hold its own start code, so every match begins one.
            let headers = packet
                .windows(4)
                .filter(|window| window.starts_with(&[0, 0, 1]))
                .map(|window| window[3]);
            for header in headers {
                if !droppable(header, &mut n_slices) {
                    return false;
                }
            }
        }
    }
    n_slices > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_unreferenced_pictures_may_be_dropped() {
        let sized = |units: &[&[u8]]| {
            units
                .iter()
                .flat_map(|unit| [&[0, 0, 0, unit.len() as u8], *unit].concat())
                .collect::<Vec<u8>>()
        };
        let framing = Framing::of_h264(&[1, 100, 0, 40, 0xff]);
        assert_eq!(framing, Framing::Length(4));
        let droppable = |units: &[&[u8]]| is_droppable_h264(&sized(units), framing);
        assert!(droppable(&[&[0x01, 9, 9], &[0x01, 9]]));
        assert!(droppable(&[&[0x06, 5], &[0x01, 9]]));
        assert!(!droppable(&[&[0x41, 9]]), "referred to");
        assert!(!droppable(&[&[0x01, 9], &[0x68, 1]]), "a parameter set");
        assert!(!droppable(&[&[0x06, 5]]), "no picture");
        assert!(!is_droppable_h264(&[0, 0, 0, 9, 0x01], framing), "cut short");
        assert!(!is_droppable_h264(&[], framing));

        let framing = Framing::of_h264(&[0, 0, 0, 1, 0x67]);
        assert!(is_droppable_h264(
            &[0, 0, 0, 1, 0x09, 0x10, 0, 0, 1, 0x01, 7],
            framing
        ));
        assert!(!is_droppable_h264(
            &[0, 0, 1, 0x09, 0x10, 0, 0, 1, 0x21, 7],
            framing
        ));
    }
}
