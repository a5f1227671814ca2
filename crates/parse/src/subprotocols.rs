//! Tokens in `Sec-WebSocket-Protocol`, the one header that a browser lets scripts set for a WebSocket:
//! names of protocols, separated by commas, of which one carries a token.
//!
//! It stands behind a prefix of the application's choice (`jwt.T`, `bearer-T`, OpenAI's
//! `openai-insecure-api-key.T`), in base64url where its bytes are not those of a name (Kubernetes,
//! pull request 47740), or with other headers in a JSON object (`header-…` of AWS AppSync).

use super::{base64, credentials::words, json};

/// Prefixes have few parts: `base64url.bearer.authorization.k8s.io.` has five.
const PARTS: usize = 6;

/// Emits what may be a token in each protocol.
pub fn subprotocols(value: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    for word in words(value) {
        let ends = word.iter().enumerate().filter(|(_, byte)| matches!(byte, b'.' | b'-'));
        for (at, _) in ends.take(PARTS) {
            let rest = word.get(at + 1..).unwrap_or_default();
            emit(rest);
            decoded(word, rest, buffer, emit);
        }
    }
}

/// The text of base64url: behind a name that says so, or where it is a JSON object.
fn decoded(word: &[u8], rest: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    if base64::bytes(rest).next() == Some(b'{') {
        buffer.clear();
        base64::decode(rest, true, buffer);
        return json::leaves(buffer, &mut Vec::new(), emit);
    }
    if word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"base64")) {
        base64::base64(rest, buffer, emit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(value: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        subprotocols(value, &mut Vec::new(), &mut |token| found.push(token.to_vec()));
        found
    }

    /// Field notes 3.2, case 35.
    #[test]
    fn a_subprotocol_may_carry_a_token() {
        for value in [
            "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.VDAtay5lbg",
            "realtime, openai-insecure-api-key.T0-k.en",
            "jwt.T0-k.en",
            "graphql-ws,token-T0-k.en",
            "authorization.bearer.T0-k.en",
            // {"Authorization":"T0-k.en"}
            "header-eyJBdXRob3JpemF0aW9uIjoiVDAtay5lbiJ9, aws-appsync-event-ws",
        ] {
            let found = found(value.as_bytes());
            assert!(found.iter().any(|token| token == b"T0-k.en"), "{value}: {found:?}");
        }
        assert!(found(b"soap, wamp").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_do(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            found(&value);
        }
    }
}
