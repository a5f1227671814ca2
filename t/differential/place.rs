//! The parameters that hold the token: where the rule looks, and what a back end calls them.

/// A parameter of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    BasicPassword,
    BasicUser,
    Bearer,
    Cookie,
    CookieJson,
    CookiePieces,
    Field,
    File,
    Form,
    FormJson,
    GraphQl,
    GraphQlQuery,
    Header,
    HeaderJson,
    Json,
    JsonDeep,
    Path,
    Query,
    QueryJson,
    SocketIo,
    Xml,
    XmlAttribute,
}

/// The places in the request head.
pub(crate) const HEAD: [Place; 12] = [
    Place::Bearer,
    Place::BasicPassword,
    Place::BasicUser,
    Place::Cookie,
    Place::Header,
    Place::Path,
    Place::Query,
    Place::CookieJson,
    Place::CookiePieces,
    Place::GraphQlQuery,
    Place::HeaderJson,
    Place::QueryJson,
];

/// The places in the body.
pub(crate) const BODY: [Place; 10] = [
    Place::Field,
    Place::File,
    Place::Form,
    Place::Json,
    Place::JsonDeep,
    Place::FormJson,
    Place::GraphQl,
    Place::SocketIo,
    Place::Xml,
    Place::XmlAttribute,
];

impl Place {
    /// How reports and file names call it.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Place::Bearer => "bearer",
            Place::BasicPassword => "basic-password",
            Place::BasicUser => "basic-user",
            Place::Cookie => "cookie",
            Place::Field => "multipart-field",
            Place::File => "multipart-file",
            Place::Form => "form",
            Place::Header => "header",
            Place::Json => "json",
            Place::JsonDeep => "json-deep",
            Place::Path => "path",
            Place::Query => "query",
            Place::CookieJson => "cookie-json",
            Place::CookiePieces => "cookie-pieces",
            Place::FormJson => "form-json",
            Place::GraphQl => "graphql",
            Place::GraphQlQuery => "graphql-query",
            Place::HeaderJson => "header-json",
            Place::QueryJson => "query-json",
            Place::SocketIo => "socket-io",
            Place::Xml => "xml",
            Place::XmlAttribute => "xml-attribute",
        }
    }

    /// The point of the rule.
    pub(crate) fn point(self) -> &'static str {
        match self {
            Place::Bearer => "[header, AUTHORIZATION, credentials]",
            Place::BasicPassword => "[header, AUTHORIZATION, basic, password]",
            Place::BasicUser => "[header, AUTHORIZATION, basic, user]",
            Place::Cookie => "[header, COOKIE, cookie, session_id]",
            Place::Field => "[post, multipart, access_token]",
            Place::File => "[post, multipart, access_token, file]",
            Place::Form => "[post, form_urlencoded, access_token]",
            Place::Header => "[header, X-API-KEY]",
            Place::Json => "[post, json_doc, hash, access_token]",
            Place::JsonDeep => "[post, json_doc, hash, auth, array, 1, hash, access_token]",
            Place::Path => "[path_all]",
            Place::Query => "[query, access_token]",
            Place::CookieJson => {
                "[header, COOKIE, cookie, session_id, json_doc, hash, access_token]"
            }
            Place::CookiePieces => "[header, COOKIE, cookie, session_id]",
            Place::FormJson => "[post, form_urlencoded, input, json_doc, hash, access_token]",
            Place::GraphQl => "[post, json_doc, hash, variables, hash, t]",
            Place::GraphQlQuery => "[query, variables, json_doc, hash, t]",
            Place::HeaderJson => "[header, X-API-KEY, json_doc, hash, access_token]",
            Place::QueryJson => "[query, input, json_doc, hash, access_token]",
            Place::SocketIo => "[post, json_doc, hash, token]",
            Place::Xml => "[post, xml, xml_tag, login, xml_tag, access_token]",
            Place::XmlAttribute => "[post, xml, xml_tag, login, xml_attr, access_token]",
        }
    }

    /// What a back end's report calls the parameter: its kind and its name.
    pub(crate) fn seen_as(self) -> (&'static str, &'static str) {
        match self {
            Place::Bearer => ("credentials", ""),
            Place::BasicPassword => ("basic_password", ""),
            Place::BasicUser => ("basic_user", ""),
            Place::Cookie => ("cookie", "session_id"),
            Place::Field => ("multipart", "access_token"),
            Place::File => ("file", "access_token"),
            Place::Form => ("form", "access_token"),
            Place::Header => ("header", "x-api-key"),
            Place::Json => ("json", "access_token"),
            Place::JsonDeep => ("json", "auth.1.access_token"),
            Place::Path => ("path", ""),
            Place::Query => ("query", "access_token"),
            Place::CookieJson => ("cookie-json", "access_token"),
            Place::CookiePieces => ("cookie", "session_id"),
            Place::FormJson => ("form-json", "access_token"),
            Place::GraphQl => ("graphql", ""),
            Place::GraphQlQuery => ("graphql", ""),
            Place::HeaderJson => ("header-json", "access_token"),
            Place::QueryJson => ("query-json", "access_token"),
            Place::SocketIo => ("socket.io", "token"),
            Place::Xml => ("xml", "access_token"),
            Place::XmlAttribute => ("xml-attribute", "login"),
        }
    }

    /// The name of the parameter itself, without what it is nested in.
    pub(crate) fn name(self) -> &'static str {
        let (_, name) = self.seen_as();
        name.rsplit('.').next().unwrap_or(name)
    }

    /// Whether it is in the request line.
    pub(crate) fn is_target(self) -> bool {
        matches!(self, Place::GraphQlQuery | Place::Path | Place::Query | Place::QueryJson)
    }

    pub(crate) fn is_body(self) -> bool {
        BODY.contains(&self)
    }
}
