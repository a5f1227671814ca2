//! What was taken off around a token, or which part of a finding was taken: said with every answer,
//! so that nobody is left to guess what was banned.

/// One thing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Note {
    /// `NAME=`, `name:`.
    Assignment,
    /// Base64 around the secret.
    Base64,
    /// The password, or the user where the password is a filler.
    Basic,
    /// A pair of a cookie header or a query.
    Field,
    /// `Authorization:` and the like.
    Header,
    /// Escapes of HTML, JSON or JavaScript.
    Escapes,
    /// The identifier of a pair whose secret never travels.
    Identifier,
    /// Percent-encoding.
    Percent,
    /// Quotes around it.
    Quotes,
    /// `Bearer` and the like.
    Scheme,
    /// Of a pair the secret.
    Secret,
    /// A comma, semicolon or quote behind it.
    Trailing,
    /// User or password of an address.
    Userinfo,
    /// An argument of an address, or a part of its path.
    Address,
}

impl Note {
    const ALL: [Note; 14] = [
        Note::Assignment,
        Note::Base64,
        Note::Basic,
        Note::Field,
        Note::Header,
        Note::Escapes,
        Note::Identifier,
        Note::Percent,
        Note::Quotes,
        Note::Scheme,
        Note::Secret,
        Note::Trailing,
        Note::Userinfo,
        Note::Address,
    ];

    /// One word for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Note::Address => "address",
            Note::Assignment => "assignment",
            Note::Base64 => "base64",
            Note::Basic => "basic",
            Note::Escapes => "escapes",
            Note::Field => "field",
            Note::Header => "header",
            Note::Identifier => "identifier",
            Note::Percent => "percent",
            Note::Quotes => "quotes",
            Note::Scheme => "scheme",
            Note::Secret => "secret",
            Note::Trailing => "trailing",
            Note::Userinfo => "userinfo",
        }
    }

    /// For people, after «taken» or «looked for».
    pub(crate) fn text(self) -> &'static str {
        match self {
            Note::Address => "out of an address",
            Note::Assignment => "without the name before it",
            Note::Base64 => "decoded from base64",
            Note::Basic => "out of a Basic credential",
            Note::Escapes => "as written and with its escapes undone",
            Note::Field => "out of a cookie or query string",
            Note::Header => "without the name of its header",
            Note::Identifier => "the identifier of a pair, whose secret never travels",
            Note::Percent => "as written and percent-decoded",
            Note::Quotes => "without the quotes around it",
            Note::Scheme => "without its scheme",
            Note::Secret => "the secret of a pair, not the identifier beside it",
            Note::Trailing => "with and without the character behind it",
            Note::Userinfo => "user or password out of an address",
        }
    }
}

/// A set of notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes(u32);

impl Notes {
    /// Nothing to say.
    pub(crate) const NONE: Notes = Notes(0);

    /// One more.
    pub(crate) fn with(self, note: Note) -> Notes {
        Notes(self.0 | 1 << note as u32)
    }

    /// Both.
    pub(crate) fn and(self, other: Notes) -> Notes {
        Notes(self.0 | other.0)
    }

    /// Each, in a fixed order.
    pub(crate) fn each(self) -> impl Iterator<Item = Note> {
        Note::ALL.into_iter().filter(move |note| self.0 & 1 << *note as u32 != 0)
    }
}

impl From<Note> for Notes {
    fn from(note: Note) -> Notes {
        Notes::NONE.with(note)
    }
}
