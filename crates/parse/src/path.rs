//! The request target (RFC 9112 section 3.2) and Wallarm's split of its path into segments, action
//! name and action extension («Parsing requests», URL).
//!
//! Servers differ in when they decode a path: before it is split (an encoded slash separates) or
//! after; both are readings. So are a segment without its matrix parameters (RFC 3986 section 3.3,
//! `;jsessionid=…`) and the values of these, what comes before a stray `#`, and the last part without
//! its extension, which routers take for a format (`/T.json`).

use memchr::{memchr, memchr2, memmem};

use super::percent::percent;

/// Path and query of a request target as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// From the first slash after the host on.
    pub path: &'a [u8],
    /// What follows the first `?`, a fragment included.
    pub query: &'a [u8],
}

/// Which part of a path a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The last part from its first period on: Wallarm's `action_ext`.
    ActionExt,
    /// The last part up to its first period, perhaps empty: Wallarm's `action_name`.
    ActionName,
    /// The whole last part, which Wallarm's `path` leaves out.
    Last,
    /// One of the parts before it: Wallarm's `path N`.
    Segment(usize),
}

/// Splits a target in origin-form, absolute-form or anything else.
pub fn split_target(target: &[u8]) -> Target<'_> {
    let authority = memmem::find(target, b"://")
        .filter(|at| memchr2(b'/', b'?', &target[..*at]).is_none())
        .map(|at| &target[at + 3..]);
    let target = authority.map_or(target, |rest| {
        rest.iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
            .map_or(&[], |at| &rest[at..])
    });
    match memchr(b'?', target) {
        Some(at) => Target { path: &target[..at], query: &target[at + 1..] },
        None => Target { path: target, query: &[] },
    }
}

/// What follows the first `;` or `#` of a path, and with it the query: find-my-way, and with it fastify,
/// begins the query there.
pub fn behind_mark(target: &[u8]) -> Option<&[u8]> {
    let marks = |byte: &u8| matches!(byte, b';' | b'#' | b'?');
    let at = target.iter().position(marks)?;
    target.get(at + 1..).filter(|_| target.get(at) != Some(&b'?'))
}

/// Emits every reading of every part of `path`, sent or decoded. Empty parts (`//`) and `.` do not
/// count, except that the last part may be empty.
pub fn path(path: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(Part, &[u8])) {
    let (parents, last) = match memchr::memrchr(b'/', path) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[][..], path),
    };
    let segments = parents.split(|byte| *byte == b'/').filter(|segment| !is_nothing(segment));
    for (index, segment) in segments.enumerate() {
        readings(segment, buffer, &mut |reading| emit(Part::Segment(index), reading));
    }
    readings(last, buffer, &mut |reading| {
        let period = memchr(b'.', reading);
        emit(Part::Last, reading);
        if let Some(at) = memchr::memrchr(b'.', reading).filter(|at| *at > 0) {
            emit(Part::Last, &reading[..at]);
        }
        emit(Part::ActionName, &reading[..period.unwrap_or(reading.len())]);
        if let Some(at) = period {
            emit(Part::ActionExt, &reading[at + 1..]);
        }
    });
}

fn is_nothing(segment: &[u8]) -> bool {
    matches!(segment, b"" | b"." | b"%2e" | b"%2E")
}

fn readings(segment: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    inside(segment, emit);
    percent(segment, buffer, &mut |decoded| inside(decoded, emit));
}

/// Emits the segment and what is in it: parameters, a bot's token, parts that a decoded slash or a
/// backslash separates.
fn inside(segment: &[u8], emit: &mut dyn FnMut(&[u8])) {
    without_parameters(segment, emit);
    if memchr2(b'/', b'\\', segment).is_some() {
        segment
            .split(|byte| matches!(byte, b'/' | b'\\'))
            .filter(|part| !part.is_empty())
            .for_each(|part| without_parameters(part, emit));
    }
}

fn without_parameters(segment: &[u8], emit: &mut dyn FnMut(&[u8])) {
    emit(segment);
    bot(segment, emit);
    let Some(end) = memchr2(b';', b'#', segment) else { return };
    emit(&segment[..end]);
    bot(&segment[..end], emit);
    for parameter in segment[end..].split(|byte| matches!(byte, b';' | b'#')) {
        let value = memchr(b'=', parameter).map_or(parameter, |at| &parameter[at + 1..]);
        if !value.is_empty() {
            emit(value);
        }
    }
}

/// `bot<id>:<token>` of Telegram's API: with and without the id.
fn bot(segment: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let Some(token) = segment.strip_prefix(b"bot") else { return };
    if let Some(at) = memchr(b':', token).filter(|_| token[0].is_ascii_digit()) {
        emit(token);
        emit(&token[at + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<(Part, String)> {
        let mut found = Vec::new();
        path(text.as_bytes(), &mut Vec::new(), &mut |part, value| {
            found.push((part, String::from_utf8_lossy(value).into_owned()));
        });
        found
    }

    /// Wallarm, «Parsing requests», URL.
    #[test]
    fn wallarms_examples() {
        assert_eq!(
            parts("/blogs/123/index.php"),
            [
                (Part::Segment(0), "blogs".into()),
                (Part::Segment(1), "123".into()),
                (Part::Last, "index.php".into()),
                (Part::Last, "index".into()),
                (Part::ActionName, "index".into()),
                (Part::ActionExt, "php".into()),
            ]
        );
        let found = parts("/modern/static/js/cb-common.ffc63abe.chunk.js.map");
        assert!(found.contains(&(Part::ActionName, "cb-common".into())));
        assert!(found.contains(&(Part::ActionExt, "ffc63abe.chunk.js.map".into())));
        let root = [(Part::Last, String::new()), (Part::ActionName, String::new())];
        assert_eq!(parts("/"), root);
    }

    /// Field notes 3.2, case 20.
    #[test]
    fn a_segment_is_found_in_every_spelling() {
        for (text, part) in [
            ("/a/T/x", Part::Segment(1)),
            ("//a///T/x", Part::Segment(1)),
            ("/a/./T/x", Part::Segment(1)),
            ("/a/%2e/T/x", Part::Segment(1)),
            ("/a/%54/x", Part::Segment(1)),
            ("/a/%2554/x", Part::Segment(1)),
            ("/a%2fT/x", Part::Segment(0)),
            ("/a%5CT/x", Part::Segment(0)),
            ("/a\\T/x", Part::Segment(0)),
            ("/a/T;v=1/x", Part::Segment(1)),
            ("/a/b;jsessionid=T/x", Part::Segment(1)),
            ("/a/b;jsessionid=T", Part::Last),
            ("/a/b%3Bjsessionid=T", Part::Last),
            ("/a/T#x", Part::Last),
            ("/a/T", Part::Last),
            ("/a/T.json", Part::ActionName),
            ("/a/T.json", Part::Last),
            ("/a/T%2ejson", Part::Last),
            ("T", Part::Last),
            ("/bot123:T/getMe", Part::Segment(0)),
            ("/b%6ft123%3AT/getMe", Part::Segment(0)),
            ("/x/bot123:T;a=b/getMe", Part::Segment(1)),
        ] {
            let found = parts(text);
            assert!(found.contains(&(part, "T".into())), "{text}: {found:?}");
        }
        assert!(parts("/bot123:T/getMe").contains(&(Part::Segment(0), "123:T".into())));
    }

    /// Field notes 3.2, case 19.
    #[test]
    fn a_target_is_split_in_every_form() {
        for (target, path, query) in [
            ("/a?b=c", "/a", "b=c"),
            ("/a", "/a", ""),
            ("/a??b=c", "/a", "?b=c"),
            ("/a?b=c?d=e", "/a", "b=c?d=e"),
            ("/a#b?c=d", "/a#b", "c=d"),
            ("/a?b=c#d", "/a", "b=c#d"),
            ("http://host/a?b=c", "/a", "b=c"),
            ("HTTPS://u:p@host:1/a?b=http://x/", "/a", "b=http://x/"),
            ("http://host?b=c", "", "b=c"),
            ("http://host", "", ""),
            ("/redirect/http://host/a", "/redirect/http://host/a", ""),
            ("*", "*", ""),
            ("", "", ""),
        ] {
            let expected = Target { path: path.as_bytes(), query: query.as_bytes() };
            assert_eq!(split_target(target.as_bytes()), expected, "{target}");
        }
    }

    #[test]
    fn a_query_may_begin_in_the_path() {
        for (target, query) in [
            ("/a;b=c&d", Some("b=c&d")),
            ("/a#b=c?d", Some("b=c?d")),
            ("/a?b;c", None),
            ("/a", None),
        ] {
            assert_eq!(behind_mark(target.as_bytes()), query.map(str::as_bytes), "{target}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_bounded(text in "[a-c/;#.%?=:0-9\\\\]{0,200}") {
            let target = split_target(text.as_bytes());
            prop_assert!(target.path.len() + target.query.len() <= text.len());
            let mut total = 0;
            path(text.as_bytes(), &mut Vec::new(), &mut |_, value| total += value.len());
            prop_assert!(total <= 100 * (text.len() + 1));
        }

        #[test]
        fn encoded_segments_come_back(segment in "[!-~]{2,40}") {
            let encoded: String = segment.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let found = parts(&format!("/a/{encoded}/b"));
            prop_assert!(found.contains(&(Part::Segment(1), segment)));
        }
    }
}
