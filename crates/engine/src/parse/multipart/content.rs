//! A part's content: raw, then with its Content-Transfer-Encoding undone (RFC 2045 section 6),
//! then in UTF-8 when a charset is told or seen.

use super::super::charset::charset;
use super::super::Buffers;
use super::parameters::hex;

/// Emits the readings of `content`.
pub(super) fn readings(
    content: &[u8],
    encoding: &[u8],
    label: &[u8],
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(&[u8]),
) {
    emit(content);
    let Buffers { value: decoded, spare: text, .. } = buffers;
    let label = (!label.is_empty()).then_some(label);
    charset(content, label, text, emit);
    if undo(content, encoding, decoded) && decoded.as_slice() != content {
        emit(decoded);
        charset(decoded, label, text, emit);
    }
}

fn undo(content: &[u8], encoding: &[u8], decoded: &mut Vec<u8>) -> bool {
    decoded.clear();
    if encoding.eq_ignore_ascii_case(b"base64") {
        base64(content, decoded);
    } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
        quoted_printable(content, decoded);
    } else {
        return false;
    }
    true
}

/// RFC 2045 section 6.8: everything outside of the alphabet is ignored; `=` starts anew.
fn base64(content: &[u8], decoded: &mut Vec<u8>) {
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in content {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                held = 0;
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(sextet);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
        }
    }
}

/// RFC 2045 section 6.7: `=XX` is a byte, `=` at the end of a line joins it to the next.
fn quoted_printable(content: &[u8], decoded: &mut Vec<u8>) {
    let mut rest = content;
    while let Some(equals) = memchr::memchr(b'=', rest) {
        decoded.extend_from_slice(&rest[..equals]);
        rest = &rest[equals + 1..];
        let digits = (rest.first().and_then(hex), rest.get(1).and_then(hex));
        if let (Some(high), Some(low)) = digits {
            decoded.push(high << 4 | low);
            rest = &rest[2..];
        } else if let Some(after) = soft_break(rest) {
            rest = after;
        } else {
            decoded.push(b'=');
        }
    }
    decoded.extend_from_slice(rest);
}

fn soft_break(rest: &[u8]) -> Option<&[u8]> {
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match &rest[blanks..] {
        [] => Some(b""),
        [b'\r', b'\n', after @ ..] | [b'\r' | b'\n', after @ ..] => Some(after),
        _ => None,
    }
}
