//! Names of arguments and cookies: the readings that frameworks give one, and bracket notation.
//!
//! PHP drops leading spaces, turns `.`, space and an unmatched `[` into `_` and stops at a NUL
//! (`php_register_variable_ex`); others trim white space, also Unicode's (phantom `__Host-`
//! cookies); Rails, PHP and Node's qs read `p[x][y]` as nested names, Spring and ASP.NET `p.x`. qs
//! takes `[p]` for `p`, and Rack `p]` and `[[p`, too.

use memchr::{memchr, memchr2};

use super::percent::percent;

/// Emits every reading of `name`, the plain one first.
pub fn names(name: &[u8], buffer: &mut Vec<u8>, spare: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    folded(name, spare, emit);
    percent(name, buffer, &mut |decoded| folded(decoded, spare, emit));
}

/// Splits `p[x][y]` or `p.x` into `p` and the path `[x][y]` or `.x`; `None` without a path.
pub fn split_name(name: &[u8]) -> Option<(&[u8], &[u8])> {
    match memchr2(b'[', b'.', name)? {
        // `[p][x]`: qs takes the first bracket for the name.
        0 => segment(name).filter(|(base, path)| !base.is_empty() && !path.is_empty()),
        at => Some((&name[..at], &name[at..])).filter(|(_, path)| segment(path).is_some()),
    }
}

/// The first segment of a path that `split_name` gave, and the path after it. An empty segment is
/// `[]`: the next element of an array.
pub fn segment(path: &[u8]) -> Option<(&[u8], &[u8])> {
    match path.split_first()? {
        (b'[', rest) => {
            let end = memchr(b']', rest)?;
            // PHP ignores what follows a bracket and does not open another one.
            let after = &rest[end + 1..];
            let path = if matches!(after.first(), Some(b'[' | b'.')) { after } else { &[] };
            Some((&rest[..end], path))
        }
        (b'.', rest) => Some(rest.split_at(memchr2(b'[', b'.', rest).unwrap_or(rest.len()))),
        _ => None,
    }
}

fn folded(name: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    emit(name);
    if name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return;
    }
    let core = core(name);
    if core.len() != name.len() {
        emit(core);
    }
    let text = &name[..memchr(0, name).unwrap_or(name.len())];
    let asked = text.iter().position(|byte| *byte != b'?').unwrap_or(text.len());
    if fold(&text[asked..], buffer) && buffer != core {
        emit(buffer);
    }
    if unbracketed(core, buffer) {
        emit(buffer);
    }
}

/// `[p`, `p]`, `[p][x]`: Rack and qs skip brackets before the name, Rack those that close right behind
/// it, too. Says whether there were any.
fn unbracketed(core: &[u8], buffer: &mut Vec<u8>) -> bool {
    let is_bracket = |byte: &u8| matches!(byte, b'[' | b']');
    let start = core.iter().position(|byte| !is_bracket(byte)).unwrap_or(core.len());
    let name = &core[start..];
    let end = name.iter().position(is_bracket).unwrap_or(name.len());
    let closing = name[end..].iter().take_while(|byte| **byte == b']').count();
    buffer.clear();
    buffer.extend_from_slice(&name[..end]);
    buffer.extend_from_slice(&name[end + closing..]);
    start + closing > 0 && end > 0
}

/// The name without NUL and what follows, white space around it, or a second `?` before it.
fn core(name: &[u8]) -> &[u8] {
    let mut core = &name[..memchr(0, name).unwrap_or(name.len())];
    while let [first, rest @ ..] = core {
        if !is_gap(*first) && *first != b'?' {
            break;
        }
        core = rest;
    }
    while let [rest @ .., last] = core {
        if !is_gap(*last) {
            break;
        }
        core = rest;
    }
    core
}

/// Bytes past ASCII count too: they are, or are part of, NBSP, NEL, BOM and the like.
fn is_gap(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f
}

/// PHP's variable name; says whether it differs.
fn fold(name: &[u8], buffer: &mut Vec<u8>) -> bool {
    let start = name.iter().position(|byte| *byte != b' ').unwrap_or(name.len());
    buffer.clear();
    buffer.extend_from_slice(&name[start..]);
    let brackets = memchr(b'[', buffer);
    let end = match brackets {
        Some(at) if memchr(b']', &buffer[at..]).is_none() => at + 1,
        Some(at) => at,
        None => buffer.len(),
    };
    for byte in &mut buffer[..end] {
        if matches!(byte, b'.' | b' ' | b'[') {
            *byte = b'_';
        }
    }
    buffer != name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(name: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        names(name, &mut Vec::new(), &mut Vec::new(), &mut |name| found.push(name.to_vec()));
        found
    }

    /// The PHP rows are what PHP 8.2's parse_str answers.
    #[test]
    fn readings_hold_what_applications_see() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"key", b"key"),
            (b"%6b%65%79", b"key"),
            (b"p.x", b"p_x"),
            (b" p", b"p"),
            (b"p x", b"p_x"),
            (b"p[x", b"p_x"),
            (b"k\0y", b"k"),
            (b"k%00y", b"k"),
            (b"p%20", b"p_"),
            (b"p+q", b"p_q"),
            (b"p.q[a.b]", b"p_q[a.b]"),
            (b"?key", b"key"),
            (b"?p.x", b"p_x"),
            (b"[key]", b"key"),
            // Rack.
            (b"key]", b"key"),
            (b"[[key", b"key"),
            (b"[]key", b"key"),
            (b"]key[x]", b"key[x]"),
            (b"%5Bkey][0]", b"key[0]"),
            (b"sid\t", b"sid"),
            (b"\xc2\xa0__Host-sid", b"__Host-sid"),
            (b"\xe2\x80\x80sid", b"sid"),
        ];
        for (name, seen) in cases {
            let found = readings(name);
            assert!(found.iter().any(|reading| reading == seen), "{name:?}: {found:?}");
        }
        assert_eq!(readings(b"plain_name-1"), [b"plain_name-1"]);
        assert!(!readings(b"Key").contains(&b"key".to_vec()), "names keep their case");
    }

    #[test]
    fn brackets_and_dots_are_paths() {
        let cases: &[(&str, Option<(&str, &str)>)] = &[
            ("p", None),
            ("p[]", Some(("p", "[]"))),
            ("p[x][y]", Some(("p", "[x][y]"))),
            ("p.x", Some(("p", ".x"))),
            ("p[x", None),
            ("[p][x]", Some(("p", "[x]"))),
            ("[p]", None),
            ("", None),
        ];
        for (name, split) in cases {
            let expected = split.map(|(base, path)| (base.as_bytes(), path.as_bytes()));
            assert_eq!(split_name(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_path_has_segments() {
        for (path, segments) in [
            ("[x][y]", vec!["x", "y"]),
            ("[]", vec![""]),
            (".x.y", vec!["x", "y"]),
            (".q[a.b]", vec!["q", "a.b"]),
            ("[x]junk", vec!["x"]),
            ("[a]b[c]", vec!["a"]),
            ("[a[b]", vec!["a[b"]),
        ] {
            let mut found = Vec::new();
            let mut rest = path.as_bytes();
            while let Some((segment, after)) = segment(rest) {
                found.push(std::str::from_utf8(segment).unwrap());
                rest = after;
            }
            assert_eq!(found, segments, "{path}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_ends(name in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(readings(&name).len() <= 4 * 13);
            let mut rest = split_name(&name).map_or(&[][..], |(_, path)| path);
            while let Some((_, after)) = segment(rest) {
                prop_assert!(after.len() < rest.len());
                rest = after;
            }
        }
    }
}
