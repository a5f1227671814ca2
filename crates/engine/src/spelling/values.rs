//! Readings of one value: escapes, quotes, codings.

use tokenban_parse::percent::{decode_in_place, without_broken};

use crate::{point::Kind, tree::Step};

use super::OTHER;

/// Schemes whose name may be shown; any other word may be part of a token.
const SCHEMES: [&str; 8] =
    ["Bearer", "Basic", "Token", "Digest", "DPoP", "AWS4-HMAC-SHA256", "ApiKey", "OAuth"];

pub(super) fn describe(steps: &[&Step], from: &[u8], to: &[u8]) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Vec::new() };
    match (first.kind(), last.kind()) {
        (None, _) => one("without its quotes"),
        (Some(Kind::Basic), None) => one("user and password of Basic together"),
        (Some(Kind::Basic), Some(Kind::User)) => one("the user of Basic"),
        (Some(Kind::Basic), _) => one("the password of Basic"),
        (Some(Kind::Base64), _) => one("base64-decoded"),
        (Some(Kind::Credentials), _) => vec![scheme(from)],
        (Some(Kind::Gzip), _) => one("inflated"),
        (Some(Kind::Grpc), _) => one("in a gRPC message"),
        (Some(Kind::Htmljs), _) => one("with HTML or JavaScript escapes decoded"),
        (Some(Kind::Jwt), Some(Kind::Claims)) => {
            vec![format!("the claim {} of the JWT's payload", last.name())]
        }
        (Some(Kind::Jwt), Some(Kind::JwtHeader)) => one("the JWT's header"),
        (Some(Kind::Jwt), Some(Kind::JwtPayload)) => one("the JWT's payload"),
        (Some(Kind::Jwt), _) => one("the word before the JWT"),
        (Some(Kind::Percent), _) => escapes(from, to).unwrap_or_else(|| one(OTHER)),
        (Some(Kind::Protobuf), _) => one("in a field of the Protocol Buffers message"),
        (Some(Kind::Viewstate), _) => one("in the view state"),
        _ => Vec::new(),
    }
}

fn scheme(from: &[u8]) -> String {
    let known = SCHEMES.iter().find(|scheme| {
        let start = from.trim_ascii_start().get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    });
    match known {
        Some(scheme) => format!("after the scheme {scheme}"),
        None => "after a scheme".to_owned(),
    }
}

/// How percent-decoding leads from one text to the other: nothing where they are equal, `None`
/// where it does not.
pub(super) fn escapes(from: &[u8], to: &[u8]) -> Option<Vec<String>> {
    if from == to {
        return Some(Vec::new());
    }
    let plus = || "with + as a space".to_owned();
    for (spaces, unicode) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut text = from.to_vec();
        if spaces {
            text.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
            if text == to {
                return Some(vec![plus()]);
            }
        }
        for times in ["percent-decoded", "percent-decoded twice", "percent-decoded three times"] {
            if !decode_in_place(&mut text, unicode) {
                break;
            }
            if text == to {
                let also = spaces && from.contains(&b'+');
                return Some(
                    [Some(times.to_owned()), also.then(plus)].into_iter().flatten().collect(),
                );
            }
        }
    }
    let mut text = Vec::new();
    let broken = [false, true].into_iter().any(|plus| {
        without_broken(from, plus, &mut text);
        text == to
    });
    broken.then(|| vec!["percent-decoded without the signs of broken escapes".to_owned()])
}
