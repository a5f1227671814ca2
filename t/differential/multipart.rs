//! A multipart body in the making.

/// One part: its header lines and its content.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) disposition: Vec<u8>,
    pub(crate) headers: Vec<Vec<u8>>,
    pub(crate) content: Vec<u8>,
}

/// The body; the token is in the part at `at`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Multipart {
    /// The type without its parameters.
    pub(crate) kind: Vec<u8>,
    /// The parameters, as they are written after the type.
    pub(crate) parameters: Vec<u8>,
    pub(crate) boundary: Vec<u8>,
    pub(crate) preamble: Vec<u8>,
    pub(crate) parts: Vec<Part>,
    pub(crate) at: usize,
    pub(crate) eol: Vec<u8>,
    /// What follows each delimiter on its line.
    pub(crate) padding: Vec<u8>,
    /// What ends the body: of the last delimiter, and after it.
    pub(crate) end: Vec<u8>,
}

impl Part {
    pub(crate) fn field(name: &[u8], value: &[u8]) -> Part {
        let disposition = [b"Content-Disposition: form-data; name=\"", name, b"\""].concat();
        Part { disposition, headers: Vec::new(), content: value.to_vec() }
    }

    pub(crate) fn file(name: &[u8], content: &[u8]) -> Part {
        let mut part = Part::field(name, content);
        part.disposition.extend_from_slice(b"; filename=\"a.txt\"");
        part.headers.push(b"Content-Type: text/plain".to_vec());
        part
    }
}

impl Multipart {
    pub(crate) fn new(part: Part) -> Multipart {
        Multipart {
            kind: b"multipart/form-data".to_vec(),
            parameters: b"; boundary=XXboundary42".to_vec(),
            boundary: b"XXboundary42".to_vec(),
            preamble: Vec::new(),
            parts: vec![part],
            at: 0,
            eol: b"\r\n".to_vec(),
            padding: Vec::new(),
            end: b"--\r\n".to_vec(),
        }
    }

    /// The part with the token.
    pub(crate) fn part(&mut self) -> &mut Part {
        &mut self.parts[self.at]
    }

    /// Puts a part before the token's.
    pub(crate) fn part_before(&mut self, part: Part) {
        self.parts.insert(self.at, part);
        self.at += 1;
    }

    pub(crate) fn content_type(&self) -> Vec<u8> {
        [&self.kind[..], &self.parameters].concat()
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut out = self.preamble.clone();
        for part in &self.parts {
            self.delimiter(&mut out);
            out.extend_from_slice(&self.padding);
            let lines = [&part.disposition].into_iter().chain(&part.headers);
            for line in lines.filter(|line| !line.is_empty()) {
                out.extend_from_slice(&self.eol);
                out.extend_from_slice(line);
            }
            out.extend_from_slice(&self.eol);
            out.extend_from_slice(&self.eol);
            out.extend_from_slice(&part.content);
            out.extend_from_slice(&self.eol);
        }
        if !self.end.is_empty() {
            self.delimiter(&mut out);
            out.extend_from_slice(&self.end);
        }
        out
    }

    fn delimiter(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--");
        out.extend_from_slice(&self.boundary);
    }
}
