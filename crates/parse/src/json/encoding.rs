//! The encoding of a JSON text: told by its BOM or by where its first bytes are zero (RFC 4627
//! section 3); what Python's `json.loads` does.

use super::escape::push;

/// The text as UTF-8, without BOM; in `buffer` if it had to be changed.
pub fn transcode<'a>(text: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    match text {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes, buffer),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, u32::from_be_bytes, buffer),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes, buffer),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes, buffer),
        [1..=255, 0, 0, 0, ..] => utf32(text, u32::from_le_bytes, buffer),
        [0, 0, 0, 1..=255, ..] => utf32(text, u32::from_be_bytes, buffer),
        [1..=255, 0, ..] => utf16(text, u16::from_le_bytes, buffer),
        [0, 1..=255, ..] => utf16(text, u16::from_be_bytes, buffer),
        _ => text,
    }
}

fn utf16<'a>(text: &[u8], unit: fn([u8; 2]) -> u16, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    buffer.clear();
    let units = text.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => push(character.into(), buffer),
            Err(lone) => push(lone.unpaired_surrogate().into(), buffer),
        }
    }
    buffer
}

fn utf32<'a>(text: &[u8], unit: fn([u8; 4]) -> u32, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    buffer.clear();
    for four in text.chunks_exact(4) {
        push(unit([four[0], four[1], four[2], four[3]]), buffer);
    }
    buffer
}
