//! Which elements there are, what each needs, and what may follow it.

/// An element, whatever alias it was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is the element of that name, described in docs/points.md
#[rustfmt::skip]
pub enum Kind {
    ActionExt, ActionName, Anywhere, Array, ArrayAll, Base64, Basic, Claims, Cookie, CookieAll,
    CookieName, Credentials, File, FileName, FormUrlencoded, FormUrlencodedAll, FormUrlencodedName,
    Gql, GqlAlias, GqlArg, GqlDir, GqlFragment, GqlInline, GqlMutation, GqlQuery, GqlSpread,
    GqlSubscription, GqlType, GqlVar, Grpc, Gzip, Hash, HashAll, HashName, Header, HeaderAll,
    HeaderName, Host, Htmljs, JsonDoc, Jwt, JwtHeader, JwtPayload, JwtPrefix, Method, Multipart,
    MultipartAll, MultipartName, Password, Path, PathAll, Percent, Pollution, Post, Proto,
    Protobuf, Query, QueryAll, QueryName, RemoteAddr, Scheme, Uri, User, Var, Viewstate,
    ViewstateArray, ViewstateDict, ViewstateDictKey, ViewstateDictValue, ViewstatePair,
    ViewstateSparseArray, ViewstateTriplet, Xml, XmlAttr, XmlComment, XmlDtd, XmlDtdEntity, XmlPi,
    XmlTag, XmlTagArray,
}

impl Kind {
    /// The name in rule files, of the form with a name or number after it or of the one without;
    /// of aliases, the one that messages use.
    pub fn word(self, named: bool) -> &'static str {
        let is = |spec: &&Spec| spec.kind == self && named == (spec.argument != Argument::None);
        ELEMENTS.iter().find(is).map_or("", |spec| spec.name)
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
    /// A value of a name that may be there more than once, and with brackets: `p=1&p[x]=2`.
    Argument,
    Basic,
    CookieHeader,
    /// A document, whose parts are reached by name or number.
    Document,
    /// A value that may be a document of its own: a member of an object.
    Field,
    Gql,
    GqlDirective,
    /// What a GraphQL document selects from: an operation, a field, a fragment.
    GqlSelection,
    GqlSpread,
    GqlVariable,
    Jwt,
    /// Only asked for: what has items, by number.
    List,
    Nothing,
    /// A part of a form, which is an argument with headers.
    Part,
    /// All parts of a form.
    Parts,
    /// Only asked for: what repeats, joined.
    Pollution,
    /// Values that may be there more than once.
    Repeated,
    Request,
    Value,
    Viewstate,
    ViewstatePart,
    Xml,
    /// Only asked for: what has child elements.
    XmlParent,
    XmlTag,
}

impl Place {
    /// Whether an element for `place` may stand here.
    #[rustfmt::skip]
    pub(super) fn takes(self, place: Place) -> bool {
        use Place::*;
        let also: &[Place] = match self {
            Argument => &[Document, List, Pollution, Value],
            CookieHeader | Repeated => &[List, Pollution, Value],
            Document => &[List],
            Field => &[Document, List, Value],
            GqlSelection => &[Document, GqlDirective, GqlSpread],
            GqlVariable => &[Document, GqlSpread, List, Value],
            Part => &[Document, List, Parts, Pollution, Value],
            Parts => &[Value],
            ViewstatePart => &[Value, Viewstate],
            Xml => &[Document, XmlParent],
            XmlTag => &[Document, List, Value, XmlParent],
            _ => &[],
        };
        self == place || also.contains(&place)
    }

    /// What is reached by an element that is written alike in several places.
    pub(super) fn after(self, spec: &Spec) -> Place {
        let steps_in = matches!(spec.kind, Kind::Hash | Kind::HashAll);
        match self {
            Place::GqlSelection if steps_in => Place::GqlSelection,
            Place::Xml if steps_in => Place::XmlTag,
            Place::XmlTag if steps_in || matches!(spec.kind, Kind::Array | Kind::ArrayAll) => {
                Place::XmlTag
            }
            _ => spec.yields,
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
            Place::GqlDirective => "it follows a field or `gql_dir`",
            Place::GqlSelection | Place::GqlSpread => {
                "it follows an operation, a field or a fragment below `gql`"
            }
            Place::Jwt => "it follows `jwt`",
            Place::List | Place::Pollution => {
                "it follows what can repeat, such as `json_doc`, `query` and `header`"
            }
            Place::Part | Place::Parts => "it follows `multipart`",
            Place::Request => "it begins a point",
            Place::Viewstate => "it follows `viewstate`",
            Place::Xml | Place::XmlParent => "it follows `xml`",
            Place::XmlTag => "it follows `xml_tag`",
            _ => "it follows a value, as in `[header, NAME, …]`",
        }
    }

    /// What may follow.
    pub(super) fn follow(self) -> &'static str {
        match self {
            Place::Basic => "write `user` or `password` after it",
            Place::Document => "write `hash, NAME`, `hash_all`, `array, 0` or `array_all` after it",
            Place::Gql => {
                "write `gql_query, NAME`, `gql_mutation_all` or another `gql_` element after it"
            }
            Place::GqlDirective => "write `gql_arg, hash, NAME` after it",
            Place::GqlSelection => {
                "write `hash, NAME` for a field, `gql_arg, hash, NAME` or another `gql_` element \
                 after it"
            }
            Place::Jwt => {
                "write `claims, NAME`, `jwt_header`, `jwt_payload` or `jwt_prefix` after it"
            }
            Place::Nothing => "nothing can follow here",
            Place::Request => {
                "a point begins with `header`, `query`, `path`, `post`, `anywhere` or \
                another of docs/points.md"
            }
            Place::Viewstate | Place::ViewstatePart => {
                "write `viewstate_pair, 0` or another `viewstate_` element after it"
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

/// All elements; where two are of one kind and both take a name, the first gives its name.
#[rustfmt::skip]
pub(super) const ELEMENTS: &[Spec] = &[
    spec("uri", Kind::Uri, Argument::None, Place::Request, Place::Value),
    spec("path", Kind::Path, Argument::Number, Place::Request, Place::Value),
    spec("path_all", Kind::PathAll, Argument::None, Place::Request, Place::Value),
    spec("action_name", Kind::ActionName, Argument::None, Place::Request, Place::Value),
    spec("action_ext", Kind::ActionExt, Argument::None, Place::Request, Place::Value),
    spec("query", Kind::Query, Argument::Name, Place::Request, Place::Argument),
    spec("query_all", Kind::QueryAll, Argument::None, Place::Request, Place::Value),
    spec("query_name", Kind::QueryName, Argument::None, Place::Request, Place::Value),
    spec("get", Kind::Query, Argument::Name, Place::Request, Place::Argument),
    spec("get_all", Kind::QueryAll, Argument::None, Place::Request, Place::Value),
    spec("get_name", Kind::QueryName, Argument::None, Place::Request, Place::Value),
    spec("header", Kind::Header, Argument::Name, Place::Request, Place::Repeated),
    spec("header_all", Kind::HeaderAll, Argument::None, Place::Request, Place::Value),
    spec("header_name", Kind::HeaderName, Argument::None, Place::Request, Place::Value),
    spec("method", Kind::Method, Argument::None, Place::Request, Place::Value),
    spec("proto", Kind::Proto, Argument::None, Place::Request, Place::Value),
    spec("scheme", Kind::Scheme, Argument::None, Place::Request, Place::Value),
    spec("remote_addr", Kind::RemoteAddr, Argument::None, Place::Request, Place::Value),
    spec("host", Kind::Host, Argument::None, Place::Request, Place::Value),
    spec("var", Kind::Var, Argument::Name, Place::Request, Place::Value),
    spec("post", Kind::Post, Argument::None, Place::Request, Place::Value),
    spec("anywhere", Kind::Anywhere, Argument::None, Place::Request, Place::Nothing),
    spec("cookie", Kind::Cookie, Argument::Name, Place::CookieHeader, Place::Value),
    spec("cookie_all", Kind::CookieAll, Argument::None, Place::CookieHeader, Place::Value),
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
    spec("grpc", Kind::Grpc, Argument::Number, Place::Value, Place::Value),
    spec("grpc_all", Kind::Grpc, Argument::None, Place::Value, Place::Value),
    spec("protobuf", Kind::Protobuf, Argument::Name, Place::Value, Place::Value),
    spec("protobuf_all", Kind::Protobuf, Argument::None, Place::Value, Place::Value),
    spec("viewstate", Kind::Viewstate, Argument::None, Place::Value, Place::Viewstate),
    spec("form_urlencoded", Kind::FormUrlencoded, Argument::Name, Place::Value, Place::Argument),
    spec("form_urlencoded_all", Kind::FormUrlencodedAll, Argument::None, Place::Value, Place::Value),
    spec("form_urlencoded_name", Kind::FormUrlencodedName, Argument::None, Place::Value, Place::Value),
    spec("multipart", Kind::Multipart, Argument::Name, Place::Value, Place::Part),
    spec("multipart_all", Kind::MultipartAll, Argument::None, Place::Value, Place::Parts),
    spec("multipart_name", Kind::MultipartName, Argument::None, Place::Value, Place::Value),
    spec("file", Kind::File, Argument::None, Place::Parts, Place::Value),
    spec("file_name", Kind::FileName, Argument::None, Place::Parts, Place::Value),
    spec("header", Kind::Header, Argument::Name, Place::Parts, Place::Value),
    spec("header_all", Kind::HeaderAll, Argument::None, Place::Parts, Place::Value),
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
    spec("pollution", Kind::Pollution, Argument::None, Place::Pollution, Place::Value),
    spec("xml_tag", Kind::XmlTag, Argument::Name, Place::XmlParent, Place::XmlTag),
    spec("xml_tag_all", Kind::XmlTag, Argument::None, Place::XmlParent, Place::XmlTag),
    spec("xml_tag_array", Kind::XmlTagArray, Argument::Number, Place::XmlTag, Place::XmlTag),
    spec("xml_tag_array_all", Kind::XmlTagArray, Argument::None, Place::XmlTag, Place::XmlTag),
    spec("xml_attr", Kind::XmlAttr, Argument::Name, Place::XmlTag, Place::Value),
    spec("xml_attr_all", Kind::XmlAttr, Argument::None, Place::XmlTag, Place::Value),
    spec("xml_comment", Kind::XmlComment, Argument::Number, Place::Xml, Place::Value),
    spec("xml_comment_all", Kind::XmlComment, Argument::None, Place::Xml, Place::Value),
    spec("xml_pi", Kind::XmlPi, Argument::Number, Place::Xml, Place::Value),
    spec("xml_pi_all", Kind::XmlPi, Argument::None, Place::Xml, Place::Value),
    spec("xml_dtd", Kind::XmlDtd, Argument::None, Place::Xml, Place::Value),
    spec("xml_dtd_entity", Kind::XmlDtdEntity, Argument::Number, Place::Xml, Place::Value),
    spec("xml_dtd_entity_all", Kind::XmlDtdEntity, Argument::None, Place::Xml, Place::Value),
    spec("gql_query", Kind::GqlQuery, Argument::Name, Place::Gql, Place::GqlSelection),
    spec("gql_query_all", Kind::GqlQuery, Argument::None, Place::Gql, Place::GqlSelection),
    spec("gql_mutation", Kind::GqlMutation, Argument::Name, Place::Gql, Place::GqlSelection),
    spec("gql_mutation_all", Kind::GqlMutation, Argument::None, Place::Gql, Place::GqlSelection),
    spec("gql_subscription", Kind::GqlSubscription, Argument::Name, Place::Gql, Place::GqlSelection),
    spec("gql_subscription_all", Kind::GqlSubscription, Argument::None, Place::Gql, Place::GqlSelection),
    spec("gql_fragment", Kind::GqlFragment, Argument::Name, Place::Gql, Place::GqlSelection),
    spec("gql_fragment_all", Kind::GqlFragment, Argument::None, Place::Gql, Place::GqlSelection),
    spec("gql_alias", Kind::GqlAlias, Argument::None, Place::GqlSelection, Place::Value),
    spec("gql_arg", Kind::GqlArg, Argument::None, Place::GqlDirective, Place::Document),
    spec("gql_dir", Kind::GqlDir, Argument::Name, Place::GqlSpread, Place::GqlDirective),
    spec("gql_dir_all", Kind::GqlDir, Argument::None, Place::GqlSpread, Place::GqlDirective),
    spec("gql_spread", Kind::GqlSpread, Argument::Name, Place::GqlSelection, Place::GqlSpread),
    spec("gql_spread_all", Kind::GqlSpread, Argument::None, Place::GqlSelection, Place::GqlSpread),
    spec("gql_inline", Kind::GqlInline, Argument::None, Place::GqlSelection, Place::GqlSelection),
    spec("gql_type", Kind::GqlType, Argument::Name, Place::GqlSelection, Place::GqlSelection),
    spec("gql_type_all", Kind::GqlType, Argument::None, Place::GqlSelection, Place::GqlSelection),
    spec("gql_var", Kind::GqlVar, Argument::Name, Place::GqlSelection, Place::GqlVariable),
    spec("gql_var_all", Kind::GqlVar, Argument::None, Place::GqlSelection, Place::GqlVariable),
    spec("viewstate_array", Kind::ViewstateArray, Argument::Number, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_array_all", Kind::ViewstateArray, Argument::None, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_pair", Kind::ViewstatePair, Argument::Number, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_pair_all", Kind::ViewstatePair, Argument::None, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_triplet", Kind::ViewstateTriplet, Argument::Number, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_triplet_all", Kind::ViewstateTriplet, Argument::None, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_sparse_array", Kind::ViewstateSparseArray, Argument::Number, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_sparse_array_all", Kind::ViewstateSparseArray, Argument::None, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_dict", Kind::ViewstateDict, Argument::Name, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_dict_all", Kind::ViewstateDict, Argument::None, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_dict_key", Kind::ViewstateDictKey, Argument::None, Place::Viewstate, Place::ViewstatePart),
    spec("viewstate_dict_value", Kind::ViewstateDictValue, Argument::None, Place::Viewstate, Place::ViewstatePart),
];
