//! UTF-7 (RFC 2152), and the variant of IMAP (RFC 3501 section 5.1.3).

use super::push_char;

/// `+base64-` holds UTF-16BE, `+-` is a plus, everything else is itself. In IMAP's variant the `shift`
/// is `&`, and `,` takes the place of `/`; the two are not kept apart here.
pub(super) fn decode(text: &[u8], shift: u8, buffer: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(shift, rest) {
        buffer.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.iter().position(|byte| sextet(*byte, shift).is_none());
        let (coded, after) = rest.split_at(end.unwrap_or(rest.len()));
        if coded.is_empty() {
            buffer.push(shift);
        } else {
            run(coded, shift, buffer);
        }
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    buffer.extend_from_slice(rest);
}

fn run(coded: &[u8], shift: u8, buffer: &mut Vec<u8>) {
    let (mut bits, mut held, mut high) = (0u32, 0u8, None);
    for byte in coded {
        bits = (bits << 6 | u32::from(sextet(*byte, shift).unwrap_or(0))) & 0x003f_ffff;
        held += 6;
        if held < 16 {
            continue;
        }
        held -= 16;
        let unit = (bits >> held) & 0xffff;
        match (high.take(), unit) {
            (_, 0xd800..=0xdbff) => high = Some(unit),
            (Some(high), 0xdc00..=0xdfff) => {
                let point = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
                push_char(char::from_u32(point), buffer);
            }
            (_, unit) => push_char(char::from_u32(unit), buffer),
        }
    }
}

fn sextet(byte: u8, shift: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        b',' if shift == b'&' => Some(63),
        _ => None,
    }
}
