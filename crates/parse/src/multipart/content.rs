//! A part's content: raw, then with its Content-Transfer-Encoding undone (RFC 2045 section 6),
//! then in UTF-8 when a charset is told or seen.

use super::parameters::hex;
use crate::charset::charset;
use crate::{base64, Buffers};

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
    let encoding = encoding.split(|byte| byte.is_ascii_whitespace() || *byte == b';').next();
    let encoding = encoding.unwrap_or_default();
    if encoding.eq_ignore_ascii_case(b"base64") {
        // Padding ends a run; mail readers go on after it.
        for run in content.split(|byte| *byte == b'=') {
            base64::decode(run, true, decoded);
        }
    } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
        quoted_printable(content, decoded);
    } else if UUENCODINGS.iter().any(|name| encoding.eq_ignore_ascii_case(name)) {
        uudecode(content, decoded);
    } else {
        return false;
    }
    true
}

/// RFC 2045 section 6.7: `=XX` is a byte, `=` at the end of a line joins it to the next.
pub(super) fn quoted_printable(content: &[u8], decoded: &mut Vec<u8>) {
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

/// What Python's `email` takes for a name of it.
const UUENCODINGS: [&[u8]; 4] = [b"uuencode", b"x-uuencode", b"uue", b"x-uue"];

/// POSIX uuencode: after the `begin` line, each line tells its length and has six bits a byte.
fn uudecode(content: &[u8], decoded: &mut Vec<u8>) {
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let coded = lines.skip_while(|line| !line.starts_with(b"begin ")).skip(1);
    for line in coded.take_while(|line| *line != b"end") {
        let Some((length, groups)) = line.split_first() else { continue };
        let end = decoded.len() + usize::from(sextet(*length));
        for group in groups.chunks(4) {
            let bits = |at: usize| u32::from(group.get(at).map_or(0, |byte| sextet(*byte)));
            let bits = bits(0) << 18 | bits(1) << 12 | bits(2) << 6 | bits(3);
            decoded.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        decoded.truncate(end);
    }
}

fn sextet(byte: u8) -> u8 {
    byte.wrapping_sub(b' ') & 63
}

fn soft_break(rest: &[u8]) -> Option<&[u8]> {
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match &rest[blanks..] {
        [] => Some(b""),
        [b'\r', b'\n', after @ ..] | [b'\r' | b'\n', after @ ..] => Some(after),
        _ => None,
    }
}
