use super::*;

fn words(text: &str) -> Vec<&str> {
    text.split(", ").collect()
}

#[test]
fn points_come_back_as_written() {
    for text in [
        "uri",
        "path, 0",
        "header, AUTHORIZATION",
        "header, AUTHORIZATION, credentials, jwt, claims, sub",
        "header, AUTHORIZATION, basic, password",
        "header, COOKIE, cookie, session, percent",
        "header, COOKIE, base64",
        "header, X-FORWARDED-FOR, array, 1",
        "header, X-KEY, pollution",
        "query, p, hash, x",
        "query_all, jwt, jwt_payload, base64, json_doc, hash, sub",
        "query_name",
        "post, json_doc, hash, a, array_all, hash_name",
        "post, multipart, upload, file",
        "post, multipart, upload, header, CONTENT-TYPE",
        "post, xml, xml_tag, a, xml_attr, b",
        "post, gql, gql_query, q, hash, login, gql_arg, hash, token",
        "var, ssl_client_s_dn",
        "anywhere",
    ] {
        let point = Point::parse(&words(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(point.to_string(), format!("[{text}]"));
    }
}

#[test]
fn aliases_and_header_names_have_one_spelling() {
    for (text, expected) in [
        ("get, a", "[query, a]"),
        ("get_all", "[query_all]"),
        ("header, x_api-Key", "[header, X-API-KEY]"),
        ("post, json_doc, json_obj, a, json_array, 1", "[post, json_doc, hash, a, array, 1]"),
    ] {
        assert_eq!(Point::parse(&words(text)).unwrap().to_string(), expected);
    }
}

#[test]
fn errors_name_the_word_and_the_way_out() {
    let cases = [
        ("heder, X", 0, "unknown element `heder`; did you mean `header`?"),
        ("header", 0, "`header` needs a name; write `header, NAME`"),
        ("path, x", 1, "`path` takes a number, not `x`; write `path, 0` for the first"),
        ("cookie, sid", 0, "`cookie` cannot stand at the beginning; write `header, COOKIE` before it"),
        ("credentials", 0, "`credentials` cannot stand at the beginning; it follows a value, as in `[header, NAME, …]`"),
        ("header, X, header, Y", 2, "`header` cannot stand after `header`; it begins a point"),
        ("header, X, jwt", 2, "`jwt` alone yields no value; write `claims, NAME`, `jwt_header`, `jwt_payload` or `jwt_prefix` after it"),
        ("anywhere, jwt", 1, "`jwt` cannot stand after `anywhere`; it follows a value, as in `[header, NAME, …]`"),
    ];
    for (text, index, message) in cases {
        let error = Point::parse(&words(text)).unwrap_err();
        assert_eq!((error.index(), error.to_string().as_str()), (index, message), "{text}");
    }
    assert_eq!(Point::parse(&[]).unwrap_err().to_string(), EMPTY);
}

#[test]
fn the_docs_name_every_element() {
    let page = include_str!("../../../../docs/points.md");
    for spec in grammar::ELEMENTS {
        let name = spec.name.strip_suffix("_all").unwrap_or(spec.name);
        assert!(page.contains(name), "`{}` is not in docs/points.md", spec.name);
    }
}
