//! A request from options like those of curl.

use std::{error::Error, path::Path};

use clap::Args;
use tokenban_engine::{example::Example, request::OwnedRequest};

use super::read;

/// The boundary of forms made here.
const BOUNDARY: &str = "tokenban-form-boundary";

/// Options that describe a request.
#[derive(Args)]
pub(crate) struct RequestOptions {
    /// The method; GET unless written, POST with a body
    #[arg(short = 'X', long)]
    method: Option<String>,
    /// A header line, `Name: value`; may be repeated
    #[arg(short = 'H', long, value_name = "LINE")]
    header: Vec<String>,
    /// The body, as curl sends it: fields of an urlencoded form, or the contents of @FILE without
    /// its line ends; may be repeated, joined by &
    #[arg(short, long, value_name = "DATA|@FILE", conflicts_with_all = ["data_binary", "form"])]
    data: Vec<String>,
    /// The body as it is, or the contents of @FILE; @- is standard input
    #[arg(long, value_name = "DATA|@FILE", conflicts_with = "form")]
    data_binary: Option<String>,
    /// A field of a multipart form, `name=value` or `name=@FILE`; may be repeated
    #[arg(short = 'F', long, value_name = "FIELD")]
    form: Vec<String>,
    /// Path and query, with scheme and host where conditions look at them
    #[arg(required_unless_present_any = ["request", "har"])]
    url: Option<String>,
}

/// A body, and the type that curl gives it.
struct Body {
    content_type: String,
    bytes: Vec<u8>,
}

impl RequestOptions {
    /// Whether standard input is part of the request.
    pub(crate) fn reads_standard_input(&self) -> bool {
        let values = self.data.iter().chain(&self.data_binary).map(String::as_str);
        let fields = self.form.iter().filter_map(|field| Some(field.split_once('=')?.1));
        values.chain(fields).any(|value| value == "@-")
    }

    /// The request that they describe.
    pub(crate) fn request(&self) -> Result<OwnedRequest, Box<dyn Error>> {
        let mut headers = Vec::new();
        for line in &self.header {
            let (name, value) =
                line.split_once(':').ok_or("a header needs a colon; write `Name: value`")?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let body = self.body()?;
        let is_type = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        if let Some(Body { content_type, .. }) = &body {
            if !headers.iter().any(is_type) {
                headers.push(("Content-Type".to_owned(), content_type.clone()));
            }
        }
        let default = if body.is_some() { "POST" } else { "GET" };
        let example = Example {
            method: self.method.clone().unwrap_or_else(|| default.to_owned()),
            uri: self.url.clone().unwrap_or_default(),
            headers,
            cookies: Vec::new(),
            query: Vec::new(),
            body: None,
        };
        let mut request = example.request();
        request.body = body.map(|body| body.bytes).unwrap_or_default();
        Ok(request)
    }

    fn body(&self) -> Result<Option<Body>, Box<dyn Error>> {
        let urlencoded = "application/x-www-form-urlencoded".to_owned();
        if let Some(data) = &self.data_binary {
            return Ok(Some(Body { content_type: urlencoded, bytes: contents(data)? }));
        }
        if !self.form.is_empty() {
            let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
            return Ok(Some(Body { content_type, bytes: multipart(&self.form)? }));
        }
        if self.data.is_empty() {
            return Ok(None);
        }
        let mut pieces = Vec::new();
        for data in &self.data {
            let mut piece = contents(data)?;
            if data.starts_with('@') {
                piece.retain(|byte| !matches!(byte, b'\r' | b'\n'));
            }
            pieces.push(piece);
        }
        Ok(Some(Body { content_type: urlencoded, bytes: pieces.join(&b'&') }))
    }
}

/// A text, or what stands in the file named after `@`.
fn contents(data: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    match data.strip_prefix('@') {
        Some(file) => read(Path::new(file)),
        None => Ok(data.as_bytes().to_vec()),
    }
}

fn multipart(fields: &[String]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut body = Vec::new();
    for field in fields {
        let (name, value) =
            field.split_once('=').ok_or("a field needs `=`; write `name=value` or `name=@FILE`")?;
        let file = match value.strip_prefix('@').map(|file| Path::new(file).file_name()) {
            Some(file) => {
                let name = file.unwrap_or_default().to_string_lossy();
                format!("; filename=\"{name}\"\r\nContent-Type: application/octet-stream")
            }
            None => String::new(),
        };
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&contents(value)?);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Ok(body)
}
