//! Names of Protocol Buffers' fields, from a descriptor set that the rule file names.

use std::{fs, path::Path};

use tokenban_engine::{
    denylist::NoDenylists, limits::Limits, load::LoadError, request::OwnedRequest, Ruleset,
};

/// A length-delimited field.
fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let size = if length < 128 {
        vec![length as u8]
    } else {
        vec![length as u8 | 0x80, (length >> 7) as u8]
    };
    [&[number << 3 | 2], size.as_slice(), value].concat()
}

/// `package p; message Login { string token = 3; Inner in = 4; } message Inner { string token = 1; }
/// service S { rpc Do(Login) … }`
fn set() -> Vec<u8> {
    let field = |name: &[u8], number: u8, message: &[u8]| {
        let message = if message.is_empty() { Vec::new() } else { bytes(6, message) };
        bytes(2, &[bytes(1, name), vec![3 << 3, number], message].concat())
    };
    let login =
        [bytes(1, b"Login"), field(b"token", 3, b""), field(b"in", 4, b".p.Inner")].concat();
    let inner = [bytes(1, b"Inner"), field(b"token", 1, b"")].concat();
    let method = [bytes(1, b"Do"), bytes(2, b".p.Login")].concat();
    let service = [bytes(1, b"S"), bytes(2, &method)].concat();
    bytes(1, &[bytes(2, b"p"), bytes(4, &login), bytes(4, &inner), bytes(6, &service)].concat())
}

fn load(folder: &Path, point: &str) -> Result<Ruleset, LoadError> {
    fs::write(folder.join("api.binpb"), set()).unwrap();
    let text =
        format!("descriptors: api.binpb\nrules: [{{id: a, points: [{point}], present: true}}]\n");
    Ruleset::load_text(&folder.join("rules.yaml"), &text, &Limits::default())
}

fn values(point: &str, path: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let ruleset = load(folder.path(), point).unwrap();
    let message = [bytes(3, b"outer"), bytes(4, &bytes(1, b"inner"))].concat();
    let mut request = OwnedRequest::new("POST", path.as_bytes());
    request.body = [&[0, 0, 0, 0, message.len() as u8], message.as_slice()].concat();
    let mut found = Vec::new();
    ruleset.explain(&request, &NoDenylists, &mut |look| {
        found.push(String::from_utf8_lossy(look.value).into_owned());
    });
    found
}

#[test]
fn names_stand_for_numbers() {
    for (point, expected) in [
        ("[post, grpc_all, protobuf, token]", ["outer"].as_slice()),
        ("[post, grpc_all, protobuf, in, protobuf, token]", &["inner"]),
        ("[post, grpc_all, protobuf, 4, protobuf, token]", &["inner"]),
        ("[post, grpc_all, protobuf, in, protobuf, in]", &[]),
    ] {
        assert_eq!(values(point, "/p.S/Do"), expected, "{point}");
    }
    // Of a method that the set does not know, a field of that name in any message.
    assert_eq!(values("[post, grpc_all, protobuf, token]", "/p.S/Other"), ["outer"]);
    assert_eq!(values("[post, grpc_all, protobuf, in, protobuf, token]", "/x"), ["inner"]);
}

#[test]
fn the_set_is_one_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let ruleset = load(folder.path(), "[post, protobuf, token]").unwrap();
    assert!(ruleset.files().iter().any(|seen| seen.path.ends_with("api.binpb")));
}

#[test]
fn mistakes_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(folder.path(), "[post, protobuf, tokne]").unwrap_err().to_string();
    assert!(error.contains("no descriptor set has a field `tokne`"), "{error}");
    for (content, message) in
        [(Some("syntax"), "is no descriptor set; make one with `protoc"), (None, "no such file; ")]
    {
        let file = folder.path().join("other.binpb");
        content.map_or_else(|| fs::remove_file(&file), |text| fs::write(&file, text)).unwrap();
        let text = "descriptors: [other.binpb]\nrules: []\n";
        let error = Ruleset::load_text(&folder.path().join("rules.yaml"), text, &Limits::default());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("rules.yaml:1:15: ") && error.contains(message), "{error}");
    }
}
