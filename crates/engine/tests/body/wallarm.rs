//! The examples of Wallarm's page «Parsing requests», and those of docs/points.md.

use super::support::{assert_yields, post, values};

const FORM: &str = "p1=1&p2[a]=2&p2[b]=3&p3[]=4&p3[]=5&p4=6&p4=7";

const FORM_POINTS: [(&str, &str); 8] = [
    ("NAME, p1", "1"),
    ("NAME, p2, hash, a", "2"),
    ("NAME, p2, hash, b", "3"),
    ("NAME, p3, array, 0", "4"),
    ("NAME, p3, array, 1", "5"),
    ("NAME, p4, array, 0", "6"),
    ("NAME, p4, array, 1", "7"),
    ("NAME, p4, pollution", "6,7"),
];

#[test]
fn form_urlencoded() {
    let request = post("application/x-www-form-urlencoded", FORM);
    for (point, value) in FORM_POINTS {
        let point = format!("[post, {}]", point.replace("NAME", "form_urlencoded"));
        assert_eq!(values(&point, &request).first().map(String::as_str), Some(value), "{point}");
        if !point.contains("p1") {
            assert!(!values(&point, &request).contains(&"1".to_owned()), "{point}");
        }
    }
    for (point, expected) in [
        ("[post, form_urlencoded_all]", ["1", "2", "3", "4", "5", "6", "7"].as_slice()),
        ("[post, form_urlencoded, p2, hash_all]", &["2", "3"]),
        ("[post, form_urlencoded, p2, hash_name]", &["a", "b"]),
        ("[post, form_urlencoded, p3, array_all]", &["4", "5"]),
    ] {
        assert_eq!(values(point, &request), expected, "{point}");
    }
    let names = values("[post, form_urlencoded_name]", &request);
    assert!(["p1", "p2[a]", "p3[]", "p4"].iter().all(|name| names.iter().any(|it| it == name)));
}

#[test]
fn multipart() {
    let mut body = String::new();
    for pair in FORM.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        body +=
            &format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--XX\r\nContent-Disposition: form-data; name=\"someparam\"; filename=\"a.txt\"\r\n\
             Content-Type: text/csv\r\n\r\nthe content\r\n--XX--\r\n";
    let request = post("multipart/form-data; boundary=XX", body);
    for (point, value) in FORM_POINTS {
        let point = format!("[post, {}]", point.replace("NAME", "multipart"));
        assert_eq!(values(&point, &request), [value], "{point}");
    }
    for (point, expected) in [
        ("[post, multipart, someparam, file]", ["the content"].as_slice()),
        ("[post, multipart, someparam, file_name]", &["a.txt"]),
        ("[post, multipart, someparam, header, CONTENT-TYPE]", &["text/csv"]),
        ("[post, multipart, someparam]", &[]),
        ("[post, multipart_all, file]", &["the content"]),
        ("[post, multipart_all]", &["1", "2", "3", "4", "5", "6", "7"]),
        ("[post, multipart, p2, hash_name]", &["a", "b"]),
    ] {
        assert_eq!(values(point, &request), expected, "{point}");
    }
    assert_yields("[post, multipart_name]", &request, "someparam");
}

#[test]
fn json_doc() {
    let request =
        post("application/json", r#"{"p1":"value","p2":["v1","v2"],"p3":{"somekey":"somevalue"}}"#);
    for (point, value) in [
        ("hash, p1", "value"),
        ("hash, p2, array, 0", "v1"),
        ("hash, p2, array, 1", "v2"),
        ("hash, p3, hash, somekey", "somevalue"),
        ("json_obj, p2, json_array, 1", "v2"),
    ] {
        let point = format!("[post, json_doc, {point}]");
        assert_eq!(values(&point, &request), [value], "{point}");
    }
}

const XML: &str = "<?xml version=\"1.0\"?>
<!DOCTYPE foo [<!ENTITY xxe SYSTEM \"aaaa\">]>
<?xml-stylesheet type=\"text/xsl\" href=\"style.xsl\"?>
<!-- test -->
<methodCall>
  <methodName>&xxe;</methodName>
  <methodArgs check=\"true\">123</methodArgs>
  <methodArgs>234</methodArgs>
</methodCall>";

#[test]
fn xml() {
    let request = post("text/xml", XML);
    for (point, value) in [
        ("xml_dtd_entity, 0", "aaaa"),
        ("xml_pi, 0", "type=\"text/xsl\" href=\"style.xsl\""),
        ("xml_comment, 0", " test "),
        ("xml_comment_all", " test "),
        ("xml_tag, methodCall, xml_tag, methodName", "aaaa"),
        ("xml_tag, methodCall, xml_tag, methodArgs", "123"),
        ("xml_tag, methodCall, xml_tag, methodArgs, array, 0", "123"),
        ("xml_tag, methodCall, xml_tag, methodArgs, xml_attr, check", "true"),
        ("xml_tag, methodCall, xml_tag, methodArgs, array, 0, xml_attr_all", "true"),
        ("xml_tag, methodCall, xml_tag, methodArgs, array, 1", "234"),
        ("xml_tag, methodCall, xml_tag, methodArgs, xml_tag_array, 1", "234"),
        ("hash, methodCall, hash, methodArgs, array_all", "234"),
        ("xml_tag_all, hash_name", "methodName"),
    ] {
        assert_yields(&format!("[post, xml, {point}]"), &request, value);
    }
    let second = "[post, xml, xml_tag, methodCall, xml_tag, methodArgs, array, 1]";
    assert!(!values(second, &request).contains(&"123".to_owned()));
    let dtd = post("", "<!DOCTYPE foo SYSTEM \"http://example.com/a.dtd\"><foo/>");
    assert_yields("[post, xml, xml_dtd]", &dtd, "http://example.com/a.dtd");
}

#[test]
fn gql() {
    let user = "query GetUser { user(id: \"1\") { ...UserFields @include(if: true) } }";
    let users = "query GetAllUsers {\n users(limit: 10) {\n ...UserFields @include(if: true) }\n}";
    let fragment = "fragment UserFields on User { id posts(status: \"published\") { title } }";
    for (document, point, value) in [
        (user, "gql_query, GetUser, hash, user, gql_arg, hash, id", "1"),
        (
            user,
            "gql_query, GetUser, hash, user, gql_spread, UserFields, gql_dir, include, gql_arg, \
             hash, if",
            "true",
        ),
        (users, "gql_query, GetAllUsers, hash, users, gql_arg, hash, limit", "10"),
        (
            users,
            "gql_query, GetAllUsers, hash, users, gql_spread, UserFields, gql_dir, include, \
             gql_arg, hash, if",
            "true",
        ),
        (
            fragment,
            "gql_fragment, UserFields, gql_type, User, hash, posts, gql_arg, hash, status",
            "published",
        ),
    ] {
        let request = post("application/graphql", document);
        let point = format!("[post, gql, {point}]");
        assert_eq!(values(&point, &request), [value], "{point}");
    }
}

/// docs/points.md: `login { access_token: "T" }`, field 2 and in it field 3, in one frame.
#[test]
fn grpc() {
    let request = post("application/grpc", b"\0\0\0\0\x05\x12\x03\x1a\x01T");
    for point in ["grpc, 0", "grpc_all"] {
        let point = format!("[post, {point}, protobuf, 2, protobuf, 3]");
        assert_eq!(values(&point, &request), ["T"], "{point}");
    }
    assert!(values("[post, grpc, 1, protobuf, 2, protobuf, 3]", &request).is_empty());
    let bare = post("application/x-protobuf", b"\x12\x03\x1a\x01T");
    assert_eq!(values("[post, protobuf, 2, protobuf_all]", &bare), ["T"]);
}

#[test]
fn viewstate() {
    let state = |body: &[u8]| [b"\xff\x01", body].concat();
    for (body, point, value) in [
        (&b"\x0f\x05\x01T\x64"[..], "viewstate_pair, 0", "T"),
        (b"\x10\x64\x05\x01T\x66", "viewstate_triplet, 1", "T"),
        (b"\x16\x02\x05\x01a\x05\x01T", "viewstate_array, 1", "T"),
        (b"\x17\x01\x05\x01k\x05\x01T", "viewstate_dict, k", "T"),
        (b"\x17\x01\x05\x01k\x05\x01T", "viewstate_dict_key", "k"),
        (b"\x17\x01\x05\x01k\x05\x01T", "viewstate_dict_value", "T"),
        (b"\x3c\x29\x01S\x0a\x01\x07\x05\x01T", "viewstate_sparse_array, 7", "T"),
        (b"\x0f\x0f\x05\x01T\x64\x64", "viewstate_pair_all, viewstate_pair, 0", "T"),
    ] {
        let point = format!("[post, viewstate, {point}]");
        assert_eq!(values(&point, &post("", state(body))), [value], "{point}");
    }
    let form = post("", "x=1&__VIEWSTATE=%2FwEPBQFUZA%3D%3D");
    let point = "[post, form_urlencoded, __VIEWSTATE, base64, viewstate, viewstate_pair, 0]";
    assert_yields(point, &form, "T");
}
