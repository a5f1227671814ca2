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
    /// Brackets around it.
    Brackets,
    /// A comment behind it.
    Comment,
    /// As many hex digits as a digest has.
    Digits,
    /// A pair of a cookie header or a query.
    Field,
    /// `Authorization:` and the like.
    Header,
    /// Escapes of HTML, JSON or JavaScript.
    Escapes,
    /// The identifier of a pair whose secret never travels.
    Identifier,
    /// A quote or a sign before it.
    Leading,
    /// The mark of a list.
    Mark,
    /// Percent-encoding.
    Percent,
    /// The file and line that `grep` writes.
    Place,
    /// Quotes around it.
    Quotes,
    /// `Bearer` and the like.
    Scheme,
    /// Of a pair the secret.
    Secret,
    /// A comma, semicolon or quote behind it.
    Trailing,
    /// One value of a pair of which no name says what it is.
    Unsure,
    /// User or password of an address.
    Userinfo,
    /// An argument of an address, or a part of its path.
    Address,
}

impl Note {
    const ALL: [Note; 21] = [
        Note::Assignment,
        Note::Base64,
        Note::Basic,
        Note::Brackets,
        Note::Comment,
        Note::Digits,
        Note::Field,
        Note::Header,
        Note::Escapes,
        Note::Identifier,
        Note::Leading,
        Note::Mark,
        Note::Percent,
        Note::Place,
        Note::Quotes,
        Note::Scheme,
        Note::Secret,
        Note::Trailing,
        Note::Unsure,
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
            Note::Brackets => "brackets",
            Note::Comment => "comment",
            Note::Digits => "digits",
            Note::Escapes => "escapes",
            Note::Field => "field",
            Note::Header => "header",
            Note::Identifier => "identifier",
            Note::Leading => "leading",
            Note::Mark => "mark",
            Note::Percent => "percent",
            Note::Place => "place",
            Note::Quotes => "quotes",
            Note::Scheme => "scheme",
            Note::Secret => "secret",
            Note::Trailing => "trailing",
            Note::Unsure => "unsure",
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
            Note::Brackets => "with and without the brackets around it",
            Note::Comment => "without the comment behind it",
            Note::Digits => {
                "as a token, not as a digest: that is written with sha1: or sha256: before it"
            }
            Note::Escapes => "as written and with its escapes undone",
            Note::Field => "out of a cookie or query string",
            Note::Header => "without the name of its header",
            Note::Identifier => "the identifier of a pair, whose secret never travels",
            Note::Leading => "with and without the character before it",
            Note::Mark => "without the mark before it",
            Note::Percent => "as written and percent-decoded",
            Note::Place => "as written and without the file and line before it",
            Note::Quotes => "without the quotes around it",
            Note::Scheme => "without its scheme",
            Note::Secret => "the secret of a pair, not the identifier beside it",
            Note::Trailing => "with and without the character behind it",
            Note::Unsure => "as the secret of a pair, which the report does not say",
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
