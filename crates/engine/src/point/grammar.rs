//! Which elements there are, what each needs, and what may follow it.

/// An element, whatever alias it was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is the element of that name, described in docs/points.md
#[rustfmt::skip]
pub enum Kind {
    ActionExt, ActionName, Anywhere, Array, ArrayAll, Base64, Basic, Claims, Cookie, CookieAll,
    CookieName, Credentials, File, FormUrlencoded, FormUrlencodedAll, FormUrlencodedName, Gql,
    GqlAlias, GqlArg, GqlDir, GqlFragment, GqlInline, GqlMutation, GqlQuery, GqlSpread,
    GqlSubscription, GqlType, GqlVar, Grpc, Gzip, Hash, HashAll, HashName, Header, HeaderAll,
    HeaderName, Host, Htmljs, JsonDoc, Jwt, JwtHeader, JwtPayload, JwtPrefix, Method, Multipart,
    MultipartAll, MultipartName, Password, Path, PathAll, Percent, Pollution, Post, Proto,
    Protobuf, Query, QueryAll, QueryName, RemoteAddr, Scheme, Uri, User, Var, Viewstate, Xml,
    XmlAttr, XmlComment, XmlDtd, XmlDtdEntity, XmlPi, XmlTag, XmlTagArray,
}

impl Kind {
    /// The name in rule files; of aliases, the one that messages use.
    pub fn name(self) -> &'static str {
        ELEMENTS.iter().find(|spec| spec.kind == self).map_or("", |spec| spec.name)
    }
}

/// What must follow the name of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    Name,
    None,
    Number,
}

/// What has been reached: it decides which elements may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Basic,
    CookieHeader,
    /// A document, whose parts are reached by name or number.
    Document,
    /// A value that may be a document of its own: an argument `p[x]`, a member of an object.
    Field,
    Gql,
    GqlPart,
    Grpc,
    Jwt,
    /// Only asked for: what has items, by number.
    List,
    Nothing,
    Part,
    /// Values that may be there more than once.
    Repeated,
    Request,
    Value,
    Xml,
    XmlTag,
}

impl Place {
    /// Whether an element for `place` may stand here.
    pub(super) fn takes(self, place: Place) -> bool {
        self == place
            || match self {
                Place::CookieHeader | Place::Repeated => {
                    matches!(place, Place::List | Place::Value)
                }
                Place::Document => place == Place::List,
                Place::Field => matches!(place, Place::Document | Place::List | Place::Value),
                Place::GqlPart => {
                    matches!(place, Place::Document | Place::Gql | Place::List | Place::Value)
                }
                Place::Grpc => matches!(place, Place::Document | Place::List | Place::Value),
                Place::Part => place == Place::Value,
                Place::XmlTag => matches!(place, Place::Value | Place::Xml),
                _ => false,
            }
    }

    /// Whether a point may end here.
    pub(super) fn ends(self) -> bool {
        !matches!(
            self,
            Place::Basic | Place::Document | Place::Gql | Place::Jwt | Place::Request | Place::Xml
        )
    }

    /// Where the elements for this place belong.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Place::Basic => "it follows `basic`",
            Place::CookieHeader => "write `header, COOKIE` before it",
            Place::Document => "it follows `json_doc`, `query` and other parts with members",
            Place::Gql => "it follows `gql`",
            Place::Jwt => "it follows `jwt`",
            Place::List => "it follows what can repeat, such as `json_doc`, `query` and `header`",
            Place::Part => "it follows `multipart`",
            Place::Request => "it begins a point",
            Place::Xml => "it follows `xml`",
            _ => "it follows a value, as in `[header, NAME, …]`",
        }
    }

    /// What may follow.
    pub(super) fn follow(self) -> &'static str {
        match self {
            Place::Basic => "write `user` or `password` after it",
            Place::Document => "write `hash, NAME`, `hash_all`, `array, 0` or `array_all` after it",
            Place::Gql => {
                "write `gql_arg, NAME`, `gql_var, NAME` or another `gql_` element after it"
            }
            Place::Jwt => {
                "write `claims, NAME`, `jwt_header`, `jwt_payload` or `jwt_prefix` after it"
            }
            Place::Nothing => "nothing can follow here",
            Place::Request => {
                "a point begins with `header`, `query`, `path`, `post`, `anywhere` or \
                another of docs/points.md"
            }
            Place::Xml => "write `xml_tag, NAME` or another `xml_` element after it",
            _ => "here a parser can follow, such as `credentials`, `jwt` or `base64`",
        }
    }
}

/// One element of the notation.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) argument: Argument,
    pub(super) place: Place,
    pub(super) yields: Place,
}

const fn spec(
    name: &'static str,
    kind: Kind,
    argument: Argument,
    place: Place,
    yields: Place,
) -> Spec {
    Spec { name, kind, argument, place, yields }
}

/// All elements; where two have one kind, the first gives its name.
#[rustfmt::skip]
pub(super) const ELEMENTS: &[Spec] = &[
    spec("uri", Kind::Uri, Argument::None, Place::Request, Place::Value),
    spec("path", Kind::Path, Argument::Number, Place::Request, Place::Value),
    spec("path_all", Kind::PathAll, Argument::None, Place::Request, Place::Value),
    spec("action_name", Kind::ActionName, Argument::None, Place::Request, Place::Value),
    spec("action_ext", Kind::ActionExt, Argument::None, Place::Request, Place::Value),
    spec("query", Kind::Query, Argument::Name, Place::Request, Place::Field),
    spec("query_all", Kind::QueryAll, Argument::None, Place::Request, Place::Field),
    spec("query_name", Kind::QueryName, Argument::None, Place::Request, Place::Value),
    spec("get", Kind::Query, Argument::Name, Place::Request, Place::Field),
    spec("get_all", Kind::QueryAll, Argument::None, Place::Request, Place::Field),
    spec("get_name", Kind::QueryName, Argument::None, Place::Request, Place::Value),
    spec("header", Kind::Header, Argument::Name, Place::Request, Place::Repeated),
    spec("header_all", Kind::HeaderAll, Argument::None, Place::Request, Place::Repeated),
    spec("header_name", Kind::HeaderName, Argument::None, Place::Request, Place::Value),
    spec("method", Kind::Method, Argument::None, Place::Request, Place::Value),
    spec("proto", Kind::Proto, Argument::None, Place::Request, Place::Value),
    spec("scheme", Kind::Scheme, Argument::None, Place::Request, Place::Value),
    spec("remote_addr", Kind::RemoteAddr, Argument::None, Place::Request, Place::Value),
    spec("host", Kind::Host, Argument::None, Place::Request, Place::Value),
    spec("var", Kind::Var, Argument::Name, Place::Request, Place::Value),
    spec("post", Kind::Post, Argument::None, Place::Request, Place::Value),
    spec("anywhere", Kind::Anywhere, Argument::None, Place::Request, Place::Nothing),
    spec("cookie", Kind::Cookie, Argument::Name, Place::CookieHeader, Place::Repeated),
    spec("cookie_all", Kind::CookieAll, Argument::None, Place::CookieHeader, Place::Repeated),
    spec("cookie_name", Kind::CookieName, Argument::None, Place::CookieHeader, Place::Value),
    spec("credentials", Kind::Credentials, Argument::None, Place::Value, Place::Value),
    spec("basic", Kind::Basic, Argument::None, Place::Value, Place::Basic),
    spec("jwt", Kind::Jwt, Argument::None, Place::Value, Place::Jwt),
    spec("base64", Kind::Base64, Argument::None, Place::Value, Place::Value),
    spec("percent", Kind::Percent, Argument::None, Place::Value, Place::Value),
    spec("htmljs", Kind::Htmljs, Argument::None, Place::Value, Place::Value),
    spec("gzip", Kind::Gzip, Argument::None, Place::Value, Place::Value),
    spec("json_doc", Kind::JsonDoc, Argument::None, Place::Value, Place::Document),
    spec("xml", Kind::Xml, Argument::None, Place::Value, Place::Xml),
    spec("gql", Kind::Gql, Argument::None, Place::Value, Place::Gql),
    spec("grpc", Kind::Grpc, Argument::None, Place::Value, Place::Grpc),
    spec("protobuf", Kind::Protobuf, Argument::None, Place::Value, Place::Document),
    spec("viewstate", Kind::Viewstate, Argument::None, Place::Value, Place::Document),
    spec("form_urlencoded", Kind::FormUrlencoded, Argument::Name, Place::Value, Place::Field),
    spec("form_urlencoded_all", Kind::FormUrlencodedAll, Argument::None, Place::Value, Place::Field),
    spec("form_urlencoded_name", Kind::FormUrlencodedName, Argument::None, Place::Value, Place::Value),
    spec("multipart", Kind::Multipart, Argument::Name, Place::Value, Place::Part),
    spec("multipart_all", Kind::MultipartAll, Argument::None, Place::Value, Place::Part),
    spec("multipart_name", Kind::MultipartName, Argument::None, Place::Value, Place::Value),
    spec("file", Kind::File, Argument::None, Place::Part, Place::Value),
    spec("user", Kind::User, Argument::None, Place::Basic, Place::Value),
    spec("password", Kind::Password, Argument::None, Place::Basic, Place::Value),
    spec("jwt_prefix", Kind::JwtPrefix, Argument::None, Place::Jwt, Place::Value),
    spec("jwt_header", Kind::JwtHeader, Argument::None, Place::Jwt, Place::Value),
    spec("jwt_payload", Kind::JwtPayload, Argument::None, Place::Jwt, Place::Value),
    spec("claims", Kind::Claims, Argument::Name, Place::Jwt, Place::Field),
    spec("hash", Kind::Hash, Argument::Name, Place::Document, Place::Field),
    spec("hash_all", Kind::HashAll, Argument::None, Place::Document, Place::Field),
    spec("hash_name", Kind::HashName, Argument::None, Place::Document, Place::Value),
    spec("array", Kind::Array, Argument::Number, Place::List, Place::Field),
    spec("array_all", Kind::ArrayAll, Argument::None, Place::List, Place::Field),
    spec("json_obj", Kind::Hash, Argument::Name, Place::Document, Place::Field),
    spec("json_obj_all", Kind::HashAll, Argument::None, Place::Document, Place::Field),
    spec("json_obj_name", Kind::HashName, Argument::None, Place::Document, Place::Value),
    spec("json_array", Kind::Array, Argument::Number, Place::List, Place::Field),
    spec("json_array_all", Kind::ArrayAll, Argument::None, Place::List, Place::Field),
    spec("pollution", Kind::Pollution, Argument::None, Place::List, Place::Value),
    spec("xml_tag", Kind::XmlTag, Argument::Name, Place::Xml, Place::XmlTag),
    spec("xml_tag_array", Kind::XmlTagArray, Argument::Number, Place::Xml, Place::XmlTag),
    spec("xml_attr", Kind::XmlAttr, Argument::Name, Place::Xml, Place::Value),
    spec("xml_comment", Kind::XmlComment, Argument::None, Place::Xml, Place::Value),
    spec("xml_pi", Kind::XmlPi, Argument::None, Place::Xml, Place::Value),
    spec("xml_dtd", Kind::XmlDtd, Argument::None, Place::Xml, Place::Value),
    spec("xml_dtd_entity", Kind::XmlDtdEntity, Argument::Name, Place::Xml, Place::Value),
    spec("gql_query", Kind::GqlQuery, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_mutation", Kind::GqlMutation, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_subscription", Kind::GqlSubscription, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_fragment", Kind::GqlFragment, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_alias", Kind::GqlAlias, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_arg", Kind::GqlArg, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_dir", Kind::GqlDir, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_spread", Kind::GqlSpread, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_type", Kind::GqlType, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_inline", Kind::GqlInline, Argument::Name, Place::Gql, Place::GqlPart),
    spec("gql_var", Kind::GqlVar, Argument::Name, Place::Gql, Place::GqlPart),
    spec("header", Kind::Header, Argument::Name, Place::Part, Place::Value),
];
