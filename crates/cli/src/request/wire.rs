//! A request as it goes over the wire, HTTP/1, body and all.

use std::error::Error;

use tokenban_engine::request::OwnedRequest;

/// Most header lines of a request file.
const HEADERS: usize = 256;

/// Reads a request. A missing last line end is forgiven; the body is what follows the head, whatever
/// `Content-Length` says, as text editors change its length.
pub(crate) fn parse(bytes: &[u8]) -> Result<OwnedRequest, Box<dyn Error>> {
    let text = [bytes, b"\r\n\r\n"].concat();
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = parsed
        .parse(&text)
        .map_err(|error| format!("not an HTTP/1 request: {error}; begin with `GET / HTTP/1.1`"))?;
    let target = parsed.path.unwrap_or("/");
    let mut request = OwnedRequest::new(parsed.method.unwrap_or("GET"), target.as_bytes());
    let mut chunked = false;
    for header in parsed.headers.iter() {
        if header.name.eq_ignore_ascii_case("host") {
            request.host = header.value.to_ascii_lowercase();
        }
        chunked |= header.name.eq_ignore_ascii_case("transfer-encoding")
            && header.value.to_ascii_lowercase().ends_with(b"chunked");
        request.headers.push((header.name.as_bytes().to_vec(), header.value.to_vec()));
    }
    let head = if let httparse::Status::Complete(length) = head { length } else { bytes.len() };
    let body = bytes.get(head..).unwrap_or_default();
    request.body = if chunked { unchunked(body)? } else { body.to_vec() };
    Ok(request)
}

/// What chunks hold (RFC 9112 section 7.1); NGINX hands it over so.
fn unchunked(body: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let (mut whole, mut rest) = (Vec::new(), body);
    loop {
        let size = httparse::parse_chunk_size(rest);
        let Ok(httparse::Status::Complete((start, length))) = size else {
            return Err("the body is not chunked as `Transfer-Encoding` says".into());
        };
        if length == 0 {
            return Ok(whole);
        }
        let chunk = usize::try_from(length).ok().and_then(|length| {
            let end = start.checked_add(length)?;
            Some((rest.get(start..end)?, rest.get(end..)?))
        });
        let (chunk, after) = chunk.ok_or("a chunk of the body is cut short")?;
        whole.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").or(after.strip_prefix(b"\n")).unwrap_or(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_follows_the_head() {
        let request = parse(b"POST /a HTTP/1.1\r\nHost: a\r\n\r\nk=v\r\n").unwrap();
        assert_eq!(request.body, b"k=v\r\n");
        assert!(parse(b"GET / HTTP/1.1\r\nHost: a").unwrap().body.is_empty());
    }

    #[test]
    fn chunks_are_joined() {
        let head = "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n";
        let body = |chunks: &str| parse(format!("{head}{chunks}").as_bytes()).map(|it| it.body);
        assert_eq!(body("3;x=y\r\nk=v\r\n2\r\n&a\r\n0\r\n\r\n").unwrap(), b"k=v&a");
        for broken in ["", "x", "9\r\nk=v", "ffffffffffffffff\r\nk"] {
            assert!(body(broken).is_err(), "{broken}");
        }
    }
}
