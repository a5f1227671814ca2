//! Arguments of a query string or an urlencoded form (WHATWG URL standard section 5.1), as every
//! framework splits and decodes them.

use memchr::memchr;

use super::{
    charset::charset,
    names::{names, split_name},
    percent::{decode_in_place, percent},
    Buffers,
};

/// Emits (name, value) of every argument, for every reading of either.
///
/// `&` separates; `;` does so in another reading (Perl, older Rack and Python), and `#` in one, as it
/// ends the text for some and begins it for others. An argument without `=` is a name without value
/// and a value without name.
///
/// Only those whose name is wanted: readings of names multiply those of values.
pub fn query(
    text: &[u8],
    buffers: &mut Buffers,
    wants: &dyn Fn(&[u8]) -> bool,
    emit: &mut dyn FnMut(&[u8], &[u8]),
) {
    pieces(text, &mut |piece| argument(piece, buffers, wants, emit));
}

/// Emits every reading of the name of every argument.
pub fn query_names(text: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    let Buffers { name: buffer, spare, .. } = buffers;
    pieces(text, &mut |piece| {
        if !piece.is_empty() {
            names(split(piece).0, buffer, spare, emit);
        }
    });
}

/// Emits every reading of the value of every argument: `query` for whom does not ask for names,
/// which have readings of their own and would multiply those of the values.
pub fn query_values(text: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    let mut value = |piece: &[u8]| {
        let (name, value) = split(piece);
        let value = if name.len() == piece.len() { name } else { value };
        if !value.is_empty() {
            emit(value);
            percent(value, &mut buffers.value, emit);
        }
    };
    pieces(text, &mut value);
}

/// Where an argument stands among those of its name.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// How many of the name come before it.
    pub index: usize,
    /// What follows the name in its brackets: `[x]`, `[]`, `.x` or nothing.
    pub path: &'a [u8],
}

/// Emits the place and every reading of the value of every argument called `name`, with brackets
/// or without.
///
/// This is Wallarm's `array` below `query NAME`: `p=1&p=2` has 1 at index 0 and 2 at index 1.
pub fn occurrences(
    text: &[u8],
    name: &[u8],
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(Place<'_>, &[u8]),
) {
    let mut index = 0;
    for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        index += usize::from(occurrence(piece, name, index, buffers, emit));
        // Split at `;` the places differ; those inside a piece follow one another.
        if memchr(b';', piece).is_some() {
            for (at, part) in piece.split(|byte| *byte == b';').enumerate() {
                occurrence(part, name, index + at, buffers, emit);
            }
        }
    }
}

/// Emits the values of all arguments called `name`, joined by commas, if there are several:
/// Wallarm's `pollution`, what ASP.NET hands its application.
pub fn pollution(text: &[u8], name: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    let mut joined = Vec::new();
    let mut last = None;
    for decoded in [false, true] {
        joined.clear();
        occurrences(text, name, buffers, &mut |Place { index, .. }, value| {
            if last == Some(index) {
                // A further reading of the same argument: the last one is the most decoded.
                if decoded {
                    joined.truncate(memchr::memrchr(b',', &joined).map_or(0, |at| at + 1));
                    joined.extend_from_slice(value);
                }
                return;
            }
            if last.is_some() {
                joined.push(b',');
            }
            joined.extend_from_slice(value);
            last = Some(index);
        });
        if last.take().is_some_and(|index| index > 0) {
            emit(&joined);
        }
    }
}

/// Writes the arguments anew, in UTF-8, where they are in another charset below their escapes: Django
/// takes that of the Content-Type for the query string, too.
pub fn transcoded(text: &[u8], label: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let (mut decoded, mut buffer) = (Vec::new(), Vec::new());
    for piece in text.split(|byte| *byte == b'&') {
        let (name, value) = split(piece);
        for (part, end) in [(name, b'='), (value, b'&')] {
            decoded.clear();
            decoded.extend_from_slice(part);
            decoded.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
            decode_in_place(&mut decoded, false);
            let mut reading = None;
            charset(&decoded, Some(label), &mut buffer, &mut |text| {
                reading.get_or_insert_with(|| text.to_vec());
            });
            escape(reading.as_deref().unwrap_or(&decoded), out);
            out.push(end);
        }
    }
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        if byte.is_ascii_alphanumeric() {
            out.push(*byte);
        } else {
            let digit = |nibble: u8| b"0123456789ABCDEF".get(usize::from(nibble)).copied();
            out.push(b'%');
            out.extend(digit(byte >> 4).into_iter().chain(digit(byte & 15)));
        }
    }
}

fn pieces(text: &[u8], emit: &mut dyn FnMut(&[u8])) {
    for piece in text.split(|byte| *byte == b'&') {
        emit(piece);
        if let Some(at) = memchr(b'#', piece) {
            emit(&piece[..at]);
            emit(&piece[at + 1..]);
        }
        if memchr(b';', piece).is_some() {
            piece.split(|byte| *byte == b';').for_each(&mut *emit);
        }
    }
}

fn argument(
    piece: &[u8],
    buffers: &mut Buffers,
    wants: &dyn Fn(&[u8]) -> bool,
    emit: &mut dyn FnMut(&[u8], &[u8]),
) {
    if piece.is_empty() {
        return;
    }
    let (name, value) = split(piece);
    let Buffers { name: name_buffer, value: value_buffer, spare } = buffers;
    names(name, name_buffer, spare, &mut |name| {
        if !wants(name) {
            return;
        }
        emit(name, value);
        percent(value, value_buffer, &mut |decoded| emit(name, decoded));
    });
    if name.len() == piece.len() && wants(b"") {
        emit(b"", piece);
        percent(piece, value_buffer, &mut |decoded| emit(b"", decoded));
    }
}

/// Says whether the piece is an argument called `name`.
fn occurrence(
    piece: &[u8],
    name: &[u8],
    index: usize,
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(Place<'_>, &[u8]),
) -> bool {
    let (found, value) = split(piece);
    let Buffers { name: name_buffer, value: value_buffer, spare } = buffers;
    let mut matched = false;
    names(found, name_buffer, spare, &mut |reading| {
        let (base, path) = split_name(reading).unwrap_or((reading, &[]));
        let path = if reading == name { &[][..] } else { path };
        if matched || (base != name && reading != name) {
            return;
        }
        matched = true;
        let place = Place { index, path };
        emit(place, value);
        percent(value, value_buffer, &mut |decoded| emit(place, decoded));
    });
    matched
}

fn split(piece: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b'=', piece) {
        Some(at) => (&piece[..at], &piece[at + 1..]),
        None => (piece, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn arguments(text: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        query(text, &mut Buffers::default(), &|_| true, &mut |name, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push((text(name), text(value)));
        });
        found
    }

    fn occurrences_of(text: &str, name: &str) -> Vec<(usize, String, String)> {
        let mut found = Vec::new();
        occurrences(
            text.as_bytes(),
            name.as_bytes(),
            &mut Buffers::default(),
            &mut |Place { index, path }, value| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                found.push((index, text(path), text(value)));
            },
        );
        found
    }

    fn pollutions_of(text: &str, name: &str) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        pollution(text.as_bytes(), name.as_bytes(), &mut Buffers::default(), &mut |joined| {
            found.push(joined.to_vec());
        });
        found
    }

    /// Field notes 3.2, cases 17 to 19.
    #[test]
    fn an_argument_is_found_in_every_spelling() {
        for (text, name, value) in [
            ("key=T&key=x", "key", "T"),
            ("key=x&key=T", "key", "T"),
            ("key[]=T", "key[]", "T"),
            ("KEY=T", "KEY", "T"),
            ("key=T;x=1", "key", "T"),
            ("x=1;key=T", "key", "T"),
            ("x=1;key=T", "x", "1;key=T"),
            ("%6b%65%79=T", "key", "T"),
            ("key=%54", "key", "T"),
            ("key=%2554", "key", "T"),
            ("k%2565y=%2554", "key", "T"),
            ("key=a+b", "key", "a b"),
            ("key=a+b", "key", "a+b"),
            ("key=a%2bb", "key", "a+b"),
            ("key=%zzT", "key", "%zzT"),
            ("key=%u0054", "key", "T"),
            ("q=some+text&check=yes", "q", "some text"),
            ("key", "key", ""),
            ("T", "", "T"),
            ("%54", "", "T"),
            ("&&key=T&", "key", "T"),
            ("key==T", "key", "=T"),
            ("?key=T", "key", "T"),
            ("key=T#x", "key", "T"),
            ("my.key=T", "my_key", "T"),
        ] {
            let found = arguments(text.as_bytes());
            assert!(found.contains(&(name.into(), value.into())), "{text}: {found:?}");
            let mut values = Vec::new();
            query_values(text.as_bytes(), &mut Buffers::default(), &mut |found| {
                values.push(String::from_utf8_lossy(found).into_owned());
            });
            assert!(values.contains(&value.into()) || value.is_empty(), "{text}: {values:?}");
        }
    }

    /// As Django 5.2 reads them.
    #[test]
    fn arguments_in_another_charset_are_written_anew() {
        for (text, label, plain) in [
            ("k=%2BAFQ-&x=1", "utf-7", "k=T&x=1&"),
            ("%92=%E3", "cp037", "k=T&"),
            ("k%00=T%00%2e%00", "utf-16le", "k=T%2E&"),
            ("k=\\x54+%5Cx54", "unicode_escape", "k=T%20T&"),
        ] {
            let mut out = Vec::new();
            transcoded(text.as_bytes(), label.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), plain, "{label}");
        }
    }

    /// Wallarm, «Parsing requests», query string parameters.
    #[test]
    fn wallarms_examples() {
        let text = "p1[x]=1&p1[y]=2&p2[]=aaa&p2[]=bbb&p3=1&p3=2";
        assert_eq!(
            occurrences_of(text, "p1"),
            [(0, "[x]".into(), "1".into()), (1, "[y]".into(), "2".into())]
        );
        assert_eq!(
            occurrences_of(text, "p2"),
            [(0, "[]".into(), "aaa".into()), (1, "[]".into(), "bbb".into())]
        );
        assert_eq!(
            occurrences_of(text, "p3"),
            [(0, "".into(), "1".into()), (1, "".into(), "2".into())]
        );
        assert!(pollutions_of(text, "p3").contains(&b"1,2".to_vec()));
        assert!(pollutions_of(text, "p4").is_empty());
    }

    #[test]
    fn pollution_joins_raw_and_decoded_values() {
        let found = pollutions_of("p=%31&p=%32", "p");
        assert!(found.contains(&b"%31,%32".to_vec()));
        assert!(found.contains(&b"1,2".to_vec()));
    }

    proptest! {
        #[test]
        fn encoded_arguments_come_back(name in "[a-z]{1,12}", value in "[ -~]{0,40}") {
            let encode = |text: &str| -> String {
                text.bytes().map(|byte| format!("%{byte:02X}")).collect()
            };
            let text = format!("a=1&{}={}&b", encode(&name), encode(&value));
            prop_assert!(arguments(text.as_bytes()).contains(&(name, value)));
        }

        #[test]
        fn never_panics_and_stays_bounded(text in "[a-c=&;%+#u0-9\\[\\].]{0,200}") {
            let mut total = 0;
            query(text.as_bytes(), &mut Buffers::default(), &|_| true, &mut |name, value| {
                total += name.len() + value.len();
            });
            prop_assert!(total <= 2000 * (text.len() + 1));
            occurrences_of(&text, "a");
            pollutions_of(&text, "a");
        }
    }
}
