//! Charsets of Python in which ASCII can be spelled otherwise.

/// `unicode_escape`: `\xXX`, `\uXXXX`, `\UXXXXXXXX` and octal digits; the raw one has only the middle two.
pub(super) fn unescape(text: &[u8], buffer: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        buffer.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let (character, taken) = escape(rest).unwrap_or((Some('\\'), 1));
        super::push_char(character, buffer);
        rest = &rest[taken..];
    }
    buffer.extend_from_slice(rest);
}

fn escape(text: &[u8]) -> Option<(Option<char>, usize)> {
    let (start, length, radix) = match text.get(1)? {
        b'x' => (2, 2, 16),
        b'u' => (2, 4, 16),
        b'U' => (2, 8, 16),
        b'0'..=b'7' => {
            let digits = text[1..].iter().take(3).take_while(|it| (b'0'..=b'7').contains(it));
            (1, digits.count(), 8)
        }
        _ => return None,
    };
    let digits = text.get(start..start + length)?;
    let code = digits.iter().try_fold(0u32, |code, digit| {
        Some(code.checked_mul(radix)? + char::from(*digit).to_digit(radix)?)
    });
    Some((char::from_u32(code?), start + length))
}

/// ISO 2022 (ECMA-35) without escape sequences and shifts: what is left of text that only uses them
/// to go from ASCII to ASCII.
pub(super) fn without_shifts(text: &[u8], buffer: &mut Vec<u8>) {
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            // Intermediate bytes, then a final one.
            0x1b => {
                let _ = bytes.find(|byte| !(0x20..0x30).contains(byte));
            }
            0x0e | 0x0f => {}
            _ => buffer.push(byte),
        }
    }
}

/// Drops the shifts of HZ (RFC 1843): `~{`, `~}`, and a tilde that joins two lines.
pub(super) fn without_tildes(text: &[u8], buffer: &mut Vec<u8>) {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match (*byte, bytes.as_slice().first()) {
            (b'~', Some(b'{' | b'}' | b'\n')) => {
                bytes.next();
            }
            (b'~', Some(b'~')) => {
                bytes.next();
                buffer.push(b'~');
            }
            _ => buffer.push(*byte),
        }
    }
}
