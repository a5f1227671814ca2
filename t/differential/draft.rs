//! A request in the making: mutations change its parts, then it is written down.

use base64::{engine::general_purpose::STANDARD, Engine};

use crate::{
    multipart::{Multipart, Part},
    place::Place,
};

/// A name and a value, as they are written.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// How the body travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Chunks of this many bytes, with an extension, and trailer lines.
    Chunked {
        size: usize,
        extension: &'static str,
        trailer: &'static str,
    },
    Length,
}

/// The parts of a request. Which of them are in use depends on the place of the token.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) place: Place,
    pub(crate) token: Vec<u8>,
    pub(crate) method: Vec<u8>,
    /// What stands before the path: of an absolute-form target.
    pub(crate) origin: Vec<u8>,
    pub(crate) path: Vec<u8>,
    /// Arguments, cookies or JSON members; the token is in the one at `at`.
    pub(crate) pairs: Vec<Pair>,
    pub(crate) at: usize,
    pub(crate) separator: Vec<u8>,
    pub(crate) form: Multipart,
    /// The written place: a query, a header's value, a body.
    pub(crate) text: Vec<u8>,
    /// The name of the header that holds the text.
    pub(crate) header: Vec<u8>,
    pub(crate) type_name: Vec<u8>,
    pub(crate) content_type: Option<Vec<u8>>,
    /// Further header lines, before and after the one with the text.
    pub(crate) before: Vec<Vec<u8>>,
    pub(crate) lines: Vec<Vec<u8>>,
    pub(crate) framing: Framing,
}

impl Draft {
    /// The plain request: nothing is hidden.
    pub(crate) fn new(place: Place, token: &[u8]) -> Draft {
        let header = match place {
            Place::Cookie | Place::CookieJson | Place::CookiePieces => "Cookie",
            Place::Header | Place::HeaderJson => "X-Api-Key",
            _ => "Authorization",
        };
        let mut draft = Draft {
            place,
            token: token.to_vec(),
            method: if place.is_body() { b"POST".to_vec() } else { b"GET".to_vec() },
            origin: Vec::new(),
            path: b"/app".to_vec(),
            pairs: Vec::new(),
            at: 0,
            separator: Vec::new(),
            form: Multipart::default(),
            text: Vec::new(),
            header: header.into(),
            type_name: b"Content-Type".to_vec(),
            content_type: None,
            before: Vec::new(),
            lines: Vec::new(),
            framing: Framing::Length,
        };
        draft.fill();
        draft
    }

    fn fill(&mut self) {
        let name = self.place.name().as_bytes().to_vec();
        let token = self.token.clone();
        match self.place {
            Place::Cookie => self.one_pair(&name, &token, b"; "),
            Place::Query => self.one_pair(&name, &escaped(&token), b"&"),
            Place::Form => {
                self.one_pair(&name, &escaped(&token), b"&");
                self.content_type = Some(b"application/x-www-form-urlencoded".to_vec());
            }
            Place::Json | Place::JsonDeep => {
                self.one_pair(&quoted(&name), &quoted(&token), b",");
                self.content_type = Some(b"application/json".to_vec());
            }
            Place::Field => self.form = Multipart::new(Part::field(&name, &token)),
            Place::File => self.form = Multipart::new(Part::file(&name, &token)),
            Place::Bearer => self.text = [b"Bearer ", &token[..]].concat(),
            Place::BasicPassword => self.text = basic(&[b"user:", &token[..]].concat()),
            Place::BasicUser => self.text = basic(&[&token[..], b":"].concat()),
            Place::Header | Place::Path => self.text = token,
            _ => self.fill_wrapped(),
        }
    }

    /// The places in which the token is wrapped once more.
    fn fill_wrapped(&mut self) {
        let member = [b"{\"access_token\":", &quoted(&self.token)[..], b"}"].concat();
        let mut kind = "application/json";
        match self.place {
            Place::CookieJson => self.one_pair(b"session_id", &escaped(&member), b"; "),
            Place::CookiePieces => {
                let token = self.token.clone();
                let (first, rest) = token.split_at(9);
                self.one_pair(b"session_id.0", first, b"; ");
                self.pair_after(b"session_id.1", rest);
            }
            Place::FormJson => {
                kind = "application/x-www-form-urlencoded";
                self.one_pair(b"input", &escaped(&member), b"&");
            }
            Place::QueryJson => self.one_pair(b"input", &escaped(&member), b"&"),
            Place::GraphQlQuery => {
                self.one_pair(b"variables", &escaped(&variables(&self.token)), b"&");
                self.pair_before(b"query", &escaped(QUERY));
            }
            Place::GraphQl => {
                let variables = variables(&self.token);
                self.text =
                    [b"{\"query\":", &quoted(QUERY)[..], b",\"variables\":", &variables, b"}"]
                        .concat();
            }
            Place::SocketIo => {
                kind = "text/plain;charset=UTF-8";
                self.text = [b"40{\"token\":", &quoted(&self.token)[..], b"}"].concat();
            }
            Place::Xml => {
                kind = "application/xml";
                self.text = [b"<login><access_token>", &self.token[..], b"</access_token></login>"]
                    .concat();
            }
            Place::XmlAttribute => {
                kind = "application/xml";
                self.text = [b"<login access_token=\"", &self.token[..], b"\"/>"].concat();
            }
            _ => self.text = member,
        }
        self.content_type = self.place.is_body().then(|| kind.as_bytes().to_vec());
    }

    fn one_pair(&mut self, name: &[u8], value: &[u8], separator: &[u8]) {
        self.pairs = vec![Pair { name: name.to_vec(), value: value.to_vec() }];
        self.separator = separator.to_vec();
    }

    /// The pair with the token.
    pub(crate) fn pair(&mut self) -> &mut Pair {
        &mut self.pairs[self.at]
    }

    /// Puts a pair before the token's.
    pub(crate) fn pair_before(&mut self, name: &[u8], value: &[u8]) {
        self.pairs.insert(self.at, Pair { name: name.to_vec(), value: value.to_vec() });
        self.at += 1;
    }

    /// Puts a pair at the end.
    pub(crate) fn pair_after(&mut self, name: &[u8], value: &[u8]) {
        self.pairs.push(Pair { name: name.to_vec(), value: value.to_vec() });
    }

    /// Writes pairs or parts into the text.
    pub(crate) fn write_text(&mut self) {
        let glue: &[u8] =
            if matches!(self.place, Place::Json | Place::JsonDeep) { b":" } else { b"=" };
        let joined = |draft: &Draft| {
            let pairs: Vec<_> =
                draft.pairs.iter().map(|p| [&p.name, glue, &p.value].concat()).collect();
            pairs.join(&draft.separator[..])
        };
        self.text = match self.place {
            Place::Cookie | Place::Form | Place::Query => joined(self),
            _ if !self.pairs.is_empty() && !matches!(self.place, Place::Json | Place::JsonDeep) => {
                joined(self)
            }
            Place::Json => [b"{", &joined(self)[..], b"}"].concat(),
            Place::JsonDeep => [b"{\"auth\":[{},{", &joined(self)[..], b"}]}"].concat(),
            Place::Field | Place::File => {
                self.content_type = Some(self.form.content_type());
                self.form.body()
            }
            _ => return,
        };
    }

    /// The bytes that go to NGINX.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = [&self.method[..], b" ", &self.target(), b" HTTP/1.1\r\n"].concat();
        let mut line = |line: &[u8]| {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        };
        line(b"Host: localhost");
        line(b"Connection: close");
        self.before.iter().for_each(|text| line(text));
        if !self.place.is_body() && !self.place.is_target() {
            line(&[&self.header[..], b": ", &self.text].concat());
        }
        if let Some(value) = &self.content_type {
            line(&[&self.type_name[..], b": ", value].concat());
        }
        self.lines.iter().for_each(|text| line(text));
        if self.place.is_body() {
            match &self.framing {
                Framing::Chunked { .. } => line(b"Transfer-Encoding: chunked"),
                Framing::Length => line(format!("Content-Length: {}", self.text.len()).as_bytes()),
            }
        }
        line(b"");
        if self.place.is_body() {
            out.extend_from_slice(&self.framed());
        }
        out
    }

    fn target(&self) -> Vec<u8> {
        match self.place {
            Place::Path => [&self.origin[..], &self.path, b"/", &self.text].concat(),
            place if place.is_target() => [&self.origin[..], &self.path, b"?", &self.text].concat(),
            _ => [&self.origin[..], &self.path].concat(),
        }
    }

    fn framed(&self) -> Vec<u8> {
        let Framing::Chunked { size, extension, trailer } = &self.framing else {
            return self.text.clone();
        };
        let mut out = Vec::new();
        for chunk in self.text.chunks(*size) {
            out.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
        out
    }
}

const QUERY: &[u8] = b"query($t:String){login(token:$t)}";

fn variables(token: &[u8]) -> Vec<u8> {
    [b"{\"t\":", &quoted(token)[..], b"}"].concat()
}

/// Percent-encoded as a browser does it.
pub(crate) fn escaped(text: &[u8]) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    escape_where(text, |byte| !plain(byte))
}

/// Percent-encodes the bytes that are chosen.
pub(crate) fn escape_where(text: &[u8], mut chosen: impl FnMut(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text {
        if chosen(*byte) {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(*byte);
        }
    }
    out
}

/// A JSON string, of text that needs no escapes.
pub(crate) fn quoted(text: &[u8]) -> Vec<u8> {
    [b"\"", text, b"\""].concat()
}

/// A Basic credential.
pub(crate) fn basic(pair: &[u8]) -> Vec<u8> {
    [b"Basic ", &base64(pair)[..]].concat()
}

/// Base64, with the standard alphabet and padding.
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    STANDARD.encode(bytes).into_bytes()
}
