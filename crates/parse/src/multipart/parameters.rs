//! Parameters of a header value in the readings of different back ends.
//!
//! RFC 9110 section 5.6.6 (quoted strings), RFC 2231 (continued and extended), RFC 7578
//! section 4.2 (what browsers do: `"` as `%22`), and what lax readers make of the rest.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use crate::{bounds::PARAMETER_READINGS, Coverage};

/// Distinct readings of a name, in the order found; and whether there were more.
#[derive(Debug, Default)]
pub(super) struct Readings(Vec<Vec<u8>>, bool);

impl Readings {
    pub(super) fn add(&mut self, reading: &[u8]) {
        if self.0.iter().any(|known| known == reading) {
            return;
        }
        match self.0.len() < PARAMETER_READINGS {
            true => self.0.push(reading.to_vec()),
            false => self.1 = true,
        }
    }

    pub(super) fn coverage(&self) -> Coverage {
        match self.1 {
            true => Coverage::Cut,
            false => Coverage::Whole,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn all_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// Adds what the parameter `wanted` of a header value may mean; false when it is absent.
    pub(super) fn read(&mut self, header: &[u8], wanted: &[u8]) -> bool {
        let mut continued: Vec<(usize, Cow<'_, [u8]>)> = Vec::new();
        let mut present = false;
        for Parameter { name, value, quoted } in Parameters::in_each_quoting(header) {
            let Some(suffix) = strip_prefix_ignoring_case(name, wanted) else { continue };
            match suffix {
                b"" => self.add_plain(value, quoted),
                b"*" => self.add_extended(value),
                [b'*', section @ ..] => match continuation(section, value) {
                    Some(section) => continued.push(section),
                    None => continue,
                },
                _ => continue,
            }
            present = true;
        }
        if !continued.is_empty() {
            continued.sort_by_key(|(number, _)| *number);
            // Each quoting finds them anew.
            continued.dedup_by_key(|(number, _)| *number);
            let joined: Vec<u8> = continued.iter().flat_map(|(_, it)| it.iter().copied()).collect();
            self.add(&joined);
        }
        present
    }

    fn add_plain(&mut self, value: &[u8], quoted: bool) {
        self.add(value);
        if quoted && value.contains(&b'\\') {
            self.add(&unescaped(value));
        }
        if value.contains(&b'%') {
            self.add(&percent_decoded(value));
        }
        let trimmed = trim_junk(value);
        self.add(trimmed);
        if !quoted {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'"');
            self.add(trimmed.split(ends).next().unwrap_or_default());
        }
        if value.windows(2).any(|pair| pair == b"=?") {
            self.add(&encoded_words(value));
        }
        if let (Some(start), Some(end)) = (memchr(b'(', value), memchr(b')', value)) {
            // A comment (RFC 5322 section 3.2.2), for readers that come from mail.
            let after = value.get(end + 1..).unwrap_or_default();
            self.add(trim_junk(&[value.get(..start).unwrap_or_default(), after].concat()));
        }
        if let Some(nul) = memchr(0, trimmed) {
            self.add(&trimmed[..nul]);
        }
        if let [b'\'', inner @ .., b'\''] = trimmed {
            self.add(inner);
        }
    }

    /// `charset'language'percent-encoded`; without the quotes, just percent-encoded.
    fn add_extended(&mut self, value: &[u8]) {
        let mut parts = value.splitn(3, |byte| *byte == b'\'');
        let charset = parts.next();
        let text = parts.nth(1);
        self.add(&percent_decoded(text.unwrap_or(value)));
        if let (Some(charset), Some(text)) = (charset, text) {
            let decoded = percent_decoded(text);
            let add = &mut |reading: &[u8]| self.add(reading);
            crate::charset::charset(&decoded, Some(charset), &mut Vec::new(), add);
        }
    }
}

/// The values of a parameter in plain spelling, as written between the quotes.
pub(super) fn parameter<'a>(header: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    Parameters::in_each_quoting(header)
        .filter(move |it| it.name.eq_ignore_ascii_case(wanted))
        .map(|it| it.value)
}

/// Whether a header line has this (lower-case) name, white space and NULs around it aside.
pub(super) fn is_named(header: &[u8], wanted: &[u8]) -> bool {
    header.eq_ignore_ascii_case(wanted)
}

/// Without the white space and NULs around it.
pub(super) fn trim_junk(text: &[u8]) -> &[u8] {
    let junk = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0 || *byte == 0x0b;
    let start = text.iter().position(|byte| !junk(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !junk(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

struct Parameter<'a> {
    name: &'a [u8],
    value: &'a [u8],
    quoted: bool,
}

/// Walks `name=value` pairs, whatever separates them.
///
/// With `escapes`, `\"` does not end a quoted value (RFC 9110); without, it does, as for readers
/// that know Windows paths in file names. Both are real, so callers try both.
struct Parameters<'a> {
    rest: &'a [u8],
    escapes: bool,
}

impl<'a> Parameters<'a> {
    fn in_each_quoting(header: &'a [u8]) -> impl Iterator<Item = Parameter<'a>> {
        let naive = if header.contains(&b'\\') { header } else { b"" };
        Parameters { rest: header, escapes: true }.chain(Parameters { rest: naive, escapes: false })
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        loop {
            let stop = memchr3(b';', b',', b'=', self.rest)?;
            let (name, from) = self.rest.split_at(stop);
            self.rest = &from[1..];
            if from[0] != b'=' {
                continue;
            }
            // `form-data name=x`, the semicolon forgotten, is read by some.
            let name = trim_junk(name);
            let name = name.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
            let value = self.rest.trim_ascii_start();
            if let Some(inner) = value.strip_prefix(b"\"") {
                let end = quoted_end(inner, self.escapes);
                self.rest = inner.get(end + 1..).unwrap_or_default();
                return Some(Parameter { name, value: &inner[..end], quoted: true });
            }
            let end = memchr3(b';', b'\r', b'\n', value).unwrap_or(value.len());
            self.rest = &value[memchr2(b';', b',', value).unwrap_or(value.len())..];
            return Some(Parameter { name, value: value[..end].trim_ascii_end(), quoted: false });
        }
    }
}

fn quoted_end(inner: &[u8], escapes: bool) -> usize {
    let mut escaped = false;
    for (at, byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = escapes,
            b'"' => return at,
            _ => {}
        }
    }
    inner.len()
}

fn continuation<'a>(section: &[u8], value: &'a [u8]) -> Option<(usize, Cow<'a, [u8]>)> {
    let (number, extended) = match section {
        [number @ .., b'*'] => (number, true),
        number => (number, false),
    };
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    if !extended {
        return Some((number, Cow::Borrowed(value)));
    }
    let text = match value.splitn(3, |byte| *byte == b'\'').nth(2) {
        Some(text) if number == 0 => text,
        _ => value,
    };
    Some((number, Cow::Owned(percent_decoded(text))))
}

fn strip_prefix_ignoring_case<'a>(name: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, suffix) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(suffix)
}

fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        let byte = if *byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte };
        plain.push(*byte);
    }
    plain
}

/// RFC 2047: every `=?charset?B?base64?=` and `=?charset?Q?quoted-printable?=` decoded.
fn encoded_words(value: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        plain.extend_from_slice(&rest[..at]);
        let mut fields = rest[at + 2..].splitn(4, |byte| *byte == b'?');
        let (charset, kind, text) = (fields.next(), fields.next(), fields.next());
        let after = fields.next().and_then(|after| after.strip_prefix(b"="));
        let (Some(charset), Some(kind), Some(text), Some(after)) = (charset, kind, text, after)
        else {
            plain.extend_from_slice(b"=?");
            rest = &rest[at + 2..];
            continue;
        };
        let mut decoded = Vec::new();
        if kind.eq_ignore_ascii_case(b"b") {
            crate::base64::decode(text, false, &mut decoded);
        } else {
            let spaced: Vec<u8> =
                text.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
            super::content::quoted_printable(&spaced, &mut decoded);
        }
        let mut reading = None;
        crate::charset::charset(&decoded, Some(charset), &mut Vec::new(), &mut |text| {
            reading.get_or_insert_with(|| text.to_vec());
        });
        plain.extend_from_slice(reading.as_deref().unwrap_or(&decoded));
        rest = after;
    }
    plain.extend_from_slice(rest);
    plain
}

fn percent_decoded(value: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, after @ ..] = rest {
        let digits = (after.first().and_then(hex), after.get(1).and_then(hex));
        if let (b'%', (Some(high), Some(low))) = (first, digits) {
            plain.push(high << 4 | low);
            rest = &after[2..];
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit).to_digit(16).map(|value| value as u8)
}
