//! Protocol Buffers' wire format (protobuf.dev, «Encoding»), without a schema.
//!
//! A length-delimited field is bytes, a string or a message: the wire does not say which, so it is
//! taken as bytes, and as a message where a point goes on into it. Names come from a descriptor set
//! ([`descriptor::Schema`]).

pub mod descriptor;

use std::io::Write;

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Its number in the message's type.
    pub number: u32,
    /// What stands there.
    pub value: Value<'a>,
}

/// A field's value as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A string, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes, the lowest first.
    Fixed32([u8; 4]),
    /// Eight bytes, the lowest first.
    Fixed64([u8; 8]),
    /// The fields between a start and an end of a group.
    Group(&'a [u8]),
    /// A number of up to ten bytes.
    Varint(u64),
}

/// Emits the fields of a message in order; false when it does not end as a message ends.
pub fn fields<'a>(message: &'a [u8], emit: &mut dyn FnMut(Field<'a>)) -> bool {
    let mut rest = message;
    while !rest.is_empty() {
        match field(&mut rest) {
            Some(field) => emit(field),
            None => return false,
        }
    }
    true
}

/// Emits a value as text: bytes as they are, numbers in decimal (unsigned, signed, zigzag).
pub fn readings(value: Value<'_>, buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    match value {
        Value::Bytes(bytes) | Value::Group(bytes) => emit(bytes),
        Value::Fixed32(bytes) => {
            let number = u32::from_le_bytes(bytes);
            decimal(u64::from(number), i64::from(number as i32), buffer, emit);
        }
        Value::Fixed64(bytes) => {
            let number = u64::from_le_bytes(bytes);
            decimal(number, number as i64, buffer, emit);
        }
        Value::Varint(number) => {
            decimal(number, number as i64, buffer, emit);
            let zigzag = (number >> 1) as i64 ^ -((number & 1) as i64);
            if number != 0 {
                emit_number(format_args!("{zigzag}"), buffer, emit);
            }
        }
    }
}

fn decimal(unsigned: u64, signed: i64, buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    emit_number(format_args!("{unsigned}"), buffer, emit);
    if signed < 0 {
        emit_number(format_args!("{signed}"), buffer, emit);
    }
}

fn emit_number(number: std::fmt::Arguments<'_>, buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    buffer.clear();
    if buffer.write_fmt(number).is_ok() {
        emit(buffer);
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<Field<'a>> {
    let (number, wire) = tag(rest)?;
    let value = match wire {
        3 => Value::Group(group(rest)?),
        _ => scalar(wire, rest)?,
    };
    Some(Field { number, value })
}

fn tag(rest: &mut &[u8]) -> Option<(u32, u8)> {
    let tag = u32::try_from(varint(rest)?).ok()?;
    (tag >> 3 != 0).then_some((tag >> 3, (tag & 7) as u8))
}

fn scalar<'a>(wire: u8, rest: &mut &'a [u8]) -> Option<Value<'a>> {
    Some(match wire {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(take(8, rest)?.try_into().ok()?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(take(length, rest)?)
        }
        5 => Value::Fixed32(take(4, rest)?.try_into().ok()?),
        _ => return None,
    })
}

/// What stands before the end of the group just begun; groups nest.
fn group<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let start = *rest;
    let mut depth = 0usize;
    loop {
        let before = rest.len();
        match tag(rest)?.1 {
            3 => depth += 1,
            4 if depth == 0 => return Some(&start[..start.len() - before]),
            4 => depth -= 1,
            wire => {
                scalar(wire, rest)?;
            }
        }
    }
}

fn take<'a>(length: usize, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (head, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(head)
}

/// At most ten bytes, the lowest seven bits first; bits past the 64th are dropped, as readers do.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (index, byte) in rest.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(7 * index as u32).unwrap_or(0);
        if byte & 0x80 == 0 {
            *rest = &rest[index + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A length-delimited field.
    pub(crate) fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
        assert!(number < 16 && value.len() < 128);
        [&[number << 3 | 2, value.len() as u8], value].concat()
    }

    fn found(message: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        fields(message, &mut |Field { number, value }| {
            readings(value, &mut Vec::new(), &mut |text| {
                found.push(format!("{number}={}", String::from_utf8_lossy(text)));
            });
        });
        found
    }

    #[test]
    fn every_wire_type_reads() {
        // The examples of protobuf.dev: `a: 150`, `b: "testing"`, `c {a: 150}`.
        assert_eq!(found(b"\x08\x96\x01")[0], "1=150");
        assert_eq!(found(b"\x12\x07testing"), ["2=testing"]);
        assert_eq!(found(b"\x0d\xff\xff\xff\xff"), ["1=4294967295", "1=-1"]);
        assert_eq!(found(b"\x09\x02\0\0\0\0\0\0\0"), ["1=2"]);
        assert_eq!(found(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")[1], "1=-1");
        assert_eq!(found(b"\x08\x03"), ["1=3", "1=-2"]);
        assert_eq!(found(b"\x0b\x12\x01T\x0c"), ["1=\u{12}\u{1}T"], "a group");
    }

    #[test]
    fn what_came_before_an_error_is_read() {
        assert_eq!(found(b"\x12\x01T\x12\x7f"), ["2=T"]);
        assert_eq!(found(b"\x12\x01T\x00"), ["2=T"]);
        assert!(found(b"\x12\x05T").is_empty());
        assert!(found(b"{\"json\":1}").is_empty());
    }

    #[test]
    fn deep_groups_are_cheap() {
        let mut groups = vec![0x0b; 100_000];
        groups.extend_from_slice(&[0x0c; 100_000]);
        assert_eq!(found(&groups).len(), 1);
    }

    proptest! {
        #[test]
        fn never_panics(message in prop::collection::vec(any::<u8>(), 0..80)) {
            found(&message);
        }

        #[test]
        fn strings_round_trip(text in "[a-z]{1,20}", number in 1u8..16) {
            let wanted = format!("{number}={text}");
            prop_assert_eq!(found(&bytes(number, text.as_bytes())), [wanted]);
        }
    }
}
