//! Conditions on arguments.

use super::{split::ArgumentText, Component, UriError};

/// An argument that must be there, with a value or with any.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    name: Vec<u8>,
    value: Option<Component>,
}

impl Argument {
    pub(super) fn parse(text: &ArgumentText, size: usize) -> Result<Argument, UriError> {
        let value = text.value.as_ref().map(|value| Component::parse(value, size)).transpose()?;
        Ok(Argument { name: text.name.clone(), value })
    }

    /// Whether any argument of the name has the value, raw or percent-decoded: which of several an
    /// application takes differs, so each counts.
    pub(super) fn holds(&self, args: &[u8]) -> bool {
        let mut decoded = Vec::new();
        args.split(|&byte| byte == b'&').any(|argument| {
            let equals = argument.iter().position(|&byte| byte == b'=').unwrap_or(argument.len());
            let (name, value) = argument.split_at(equals);
            let value = value.get(1..).unwrap_or_default();
            let named = name == self.name || decode(name, &mut decoded) == self.name;
            named
                && self.value.as_ref().is_none_or(|component| {
                    component.holds(value) || component.holds(decode(value, &mut decoded))
                })
        })
    }
}

/// Percent-decodes, `+` as a space; what is not an escape stays.
fn decode<'a>(text: &[u8], decoded: &'a mut Vec<u8>) -> &'a [u8] {
    decoded.clear();
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(*first),
        }
    }
    decoded
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}
