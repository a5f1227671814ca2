//! gRPC's messages one by one, as the module hands over a stream of them.

use super::support::{post, values, TOKEN};

/// A frame that holds the token in field 1.
fn frame() -> Vec<u8> {
    let message = [&[0x0a, TOKEN.len() as u8], TOKEN.as_bytes()].concat();
    [&[0, 0, 0, 0, message.len() as u8], message.as_slice()].concat()
}

/// The number of a message is its place in the stream.
#[test]
fn messages_keep_their_numbers() {
    let mut request = post("application/grpc", frame());
    for first in [0, 1, 7] {
        request.first_message = first;
        for number in [0, 1, 2, 7] {
            let found = values(&format!("[post, grpc, {number}, protobuf, 1]"), &request);
            let expected: &[&str] = if number == first { &[TOKEN] } else { &[] };
            assert_eq!(found, expected, "message {first} at grpc, {number}");
        }
        assert_eq!(values("[post, grpc_all, protobuf, 1]", &request), [TOKEN]);
    }
}
