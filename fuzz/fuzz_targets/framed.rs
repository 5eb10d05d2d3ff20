//! Bytes as messages of the workers' protocol.

const MAGIC: &[u8; 4] = b"VIDR";
const VERSION: u16 = 3;

/// The bytes as they are; or, where `which` is odd, each line as the header of a message whose lengths are right, with as many
/// bytes beside it as the number at its end says.
pub(crate) fn messages(which: u8, bytes: &[u8]) -> Vec<u8> {
    if which & 1 == 0 {
        return bytes.to_vec();
    }
    let mut messages = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let n_digits = line.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (header, digits) = line.split_at(line.len() - n_digits);
        let n_beside = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse::<u16>().ok())
            .unwrap_or(0);
        messages.extend_from_slice(MAGIC);
        messages.extend(VERSION.to_le_bytes());
        messages.extend((header.len() as u32).to_le_bytes());
        messages.extend(u64::from(n_beside).to_le_bytes());
        // No files beside it: none can be made of bytes.
        messages.push(0);
        messages.extend_from_slice(header);
        messages.resize(messages.len() + usize::from(n_beside), 7);
    }
    messages
}
