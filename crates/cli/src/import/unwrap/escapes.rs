//! Escapes in a token: of JSON, JavaScript and HTML, and percent-encoding. The source may have them,
//! the request may not, or the other way round.

use tokenban_parse::{htmljs::htmljs, percent::decode_in_place};

use super::{Note, Peeled};

/// `\/`, `\u003d`, `&amp;`.
pub(super) fn escapes(text: &[u8]) -> Option<Peeled> {
    let mut last = None;
    let keep = &mut |reading: &[u8]| last = Some(reading.to_vec());
    htmljs(text, &mut Vec::new(), &mut Vec::new(), keep);
    let decoded = last.filter(|decoded| decoded != text)?;
    Some(Peeled::Also(decoded, Note::Escapes))
}

/// `%7C`.
pub(super) fn percent(text: &[u8]) -> Option<Peeled> {
    let mut decoded = text.to_vec();
    decode_in_place(&mut decoded, true).then_some(Peeled::Also(decoded, Note::Percent))
}
