//! What the entries of a store have in common: the cheapest of all filters.
//!
//! It only ever grows while entries are added, so a «no» is certain. It says of the tokens which
//! lengths they have and, in a few bits, how they begin, and which claims entries name: next to
//! nothing that helps to guess one.

use tokenban_parse::runs::is_in_run;

use super::claim::{places, Place};
use super::claims::{ISSUED_AT, ISSUER};

/// What an entry stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JWTs by a claim or a header parameter.
    Claim,
    /// A JWT, in every spelling.
    Jwt,
    /// A token of which only the SHA-1 is known.
    Sha1,
    /// A token of which only the SHA-256 is known.
    Sha256,
    /// A token, byte for byte.
    #[default]
    Token,
}

/// Bits for the lengths 0 to 1,022; the last one stands for all longer ones.
const WORDS: usize = 16;

/// Bits for hashes of the first two bytes.
const STARTS: usize = 8;

/// How many lengths share a bit of those of JWTs; the last bit stands for all longer ones.
const SPAN: usize = 16;

/// Which values the entries of a store may match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    lengths: [u64; WORDS],
    starts: [u64; STARTS],
    /// Bits for the lengths of JWTs as they are written shortest, without signature: see [`SPAN`].
    jwts: u64,
    /// A bit each for entries of a kind.
    flags: u64,
    claims: Register,
}

/// The claims that entries name, and where they stand: JWTs are read for nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    claims: Vec<RegisteredClaim>,
    payload: Vec<Wanted>,
    header: Vec<Wanted>,
}

/// A claim that some entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClaim {
    /// Its name, as in [`check_claim`](super::check_claim).
    pub name: Box<str>,
    /// Whether some entry is for any issuer.
    pub of_any: bool,
    /// Whether some entry is for one issuer.
    pub of_one: bool,
}

/// A path in the header or the payload that leads to a value of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The number of the claim in the register.
    pub(super) number: usize,
    pub(super) sort: Sort,
    pub(super) path: Box<str>,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A key: its thumbprint.
    Key,
    /// What is there.
    Value,
}

/// Tokens of which only a SHA-256 is known.
const SHA256: u64 = 1;
const SHA1: u64 = 1 << 1;
const JWT: u64 = 1 << 2;
/// JWTs or claims of which only the key is known.
const KEYS: u64 = 1 << 3;
/// Tokens with a byte that is in no run ([`is_in_run`]), or that may have one.
const ODD: u64 = 1 << 4;

impl Profile {
    /// The profile of a store without entries.
    pub const EMPTY: Profile = Profile {
        lengths: [0; WORDS],
        starts: [0; STARTS],
        jwts: 0,
        flags: 0,
        claims: Register::EMPTY,
    };

    /// The profile of a store of which nothing is known: any value of eight bytes and more.
    pub const ANY: Profile = {
        let mut lengths = [u64::MAX; WORDS];
        lengths[0] = !0xff;
        let (starts, flags) = ([u64::MAX; STARTS], SHA256 | SHA1 | JWT | KEYS | ODD);
        Profile { lengths, starts, jwts: u64::MAX, flags, claims: Register::EMPTY }
    };

    /// [`Profile::EMPTY`], for as long as one likes.
    pub fn of_nothing() -> &'static Profile {
        static NOTHING: Profile = Profile::EMPTY;
        &NOTHING
    }

    /// [`Profile::ANY`], for as long as one likes.
    pub fn of_anything() -> &'static Profile {
        static ANYTHING: Profile = Profile::ANY;
        &ANYTHING
    }

    /// Takes in a token.
    pub fn add_token(&mut self, token: &[u8]) {
        let (word, bit) = place(token.len());
        self.lengths[word] |= bit;
        let (word, bit) = start(token);
        self.starts[word] |= bit;
        self.flags |= if token.iter().all(|byte| is_in_run(*byte)) { 0 } else { ODD };
    }

    /// Takes in a JWT by its decoded header and payload.
    pub fn add_jwt(&mut self, header: &[u8], payload: &[u8]) {
        let text = |bytes: &[u8]| (bytes.len() * 4).div_ceil(3);
        // What is deflated is longer here than it is written.
        let is_deflated = memchr::memmem::find(header, b"zip").is_some();
        let length = if is_deflated { 0 } else { text(header) + text(payload) + 2 };
        self.flags |= JWT;
        self.jwts |= 1 << (length / SPAN).min(63);
    }

    /// Takes in an entry by a claim, of one issuer or of any. Whether there was room for its name: a
    /// store knows [`Register::MOST`] claims.
    pub fn add_claim(&mut self, name: &str, of_one: bool) -> bool {
        self.claims.add(name, of_one)
    }

    /// Takes in an entry of a kind. Of a token nothing but a digest is known; of a claim, see
    /// [`Profile::add_claim`].
    pub fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Claim => {}
            Kind::Jwt => {
                self.flags |= JWT;
                self.jwts |= 1;
            }
            Kind::Sha1 => self.add_any(SHA1),
            Kind::Sha256 | Kind::Token => self.add_any(SHA256),
        }
    }

    /// Takes in an entry of which only the key is known, as another store keeps it.
    pub fn add_known(&mut self, kind: Kind) {
        self.add(kind);
        if matches!(kind, Kind::Claim | Kind::Jwt) {
            self.flags |= KEYS;
        }
    }

    /// Makes it the profile of the same entries where only digests of them are known.
    pub fn forget_tokens(&mut self) {
        if self.lengths != [0; WORDS] {
            self.add_any(SHA256);
        }
        if self.flags & JWT != 0 || !self.claims.is_empty() {
            self.flags |= KEYS;
        }
    }

    /// Takes in all that another profile has; whether there was room for its claims.
    #[must_use]
    pub fn merge(&mut self, other: &Profile) -> bool {
        self.merge_tokens(other);
        self.merge_jwts(other);
        self.flags |= other.flags;
        other.claims.claims.iter().all(|claim| {
            (!claim.of_any || self.claims.add(&claim.name, false))
                && (!claim.of_one || self.claims.add(&claim.name, true))
        })
    }

    /// Takes in what another profile says of tokens: their lengths, their beginnings, and whether
    /// only digests of some are known.
    pub fn merge_tokens(&mut self, other: &Profile) {
        let places = self.lengths.iter_mut().chain(&mut self.starts);
        for (mine, theirs) in places.zip(other.lengths.iter().chain(&other.starts)) {
            *mine |= theirs;
        }
        self.flags |= other.flags & (SHA256 | ODD);
    }

    /// Takes in what another profile says of JWTs.
    pub fn merge_jwts(&mut self, other: &Profile) {
        self.jwts |= other.jwts;
        self.flags |= other.flags & JWT;
    }

    /// Takes in whether another profile knows only keys of some entries.
    pub fn merge_keys(&mut self, other: &Profile) {
        self.flags |= other.flags & KEYS;
    }

    /// Whether an entry may be this value as a token. `false` is certain.
    pub fn may_hold(&self, value: &[u8]) -> bool {
        let ((word, bit), (at, first)) = (place(value.len()), start(value));
        self.lengths[word] & bit != 0 && self.starts[at] & first != 0
    }

    /// The length of the shortest value that an entry may match, in bytes, itself or once it is decoded
    /// by what makes no text longer but for a charset. No value of a request is shorter than 0.
    pub fn shortest(&self) -> usize {
        let words = self.lengths.iter().zip((0..).step_by(64));
        let token = words.clone().find(|(word, _)| **word != 0);
        let token = token.map(|(word, at)| at + word.trailing_zeros() as usize);
        let token = token.map(|length| if self.flags & ODD != 0 { length / 2 } else { length });
        let jwt = (self.jwts != 0).then(|| self.jwts.trailing_zeros() as usize * SPAN);
        let claim = (!self.claims.is_empty()).then_some(0);
        [token, jwt, claim].into_iter().flatten().min().unwrap_or(usize::MAX)
    }

    /// Whether some token may have a byte that is in no run ([`is_in_run`]).
    pub fn has_odd(&self) -> bool {
        self.flags & ODD != 0
    }

    /// Whether there are tokens of which only a digest is known: a value has to be digested.
    pub fn has_sha256(&self) -> bool {
        self.flags & SHA256 != 0
    }

    /// Whether there are JWTs or claims of which only the key is known.
    pub fn has_keys(&self) -> bool {
        self.flags & KEYS != 0
    }

    /// Whether there are SHA-1 digests.
    pub fn has_sha1(&self) -> bool {
        self.flags & SHA1 != 0
    }

    /// Whether there are JWTs.
    pub fn has_jwt(&self) -> bool {
        self.flags & JWT != 0
    }

    /// The claims that entries name.
    pub fn claims(&self) -> &Register {
        &self.claims
    }

    /// As the store keeps it: little-endian words, then the claims.
    pub fn to_bytes(&self) -> Vec<u8> {
        let words = self.lengths.iter().chain(&self.starts).chain([&self.jwts, &self.flags]);
        let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
        for claim in &self.claims.claims {
            bytes.push(u8::from(claim.of_any) | u8::from(claim.of_one) << 1);
            bytes.push(u8::try_from(claim.name.len()).unwrap_or(0));
            bytes.extend_from_slice(claim.name.as_bytes());
        }
        bytes
    }

    /// Reads what [`Profile::to_bytes`] wrote; `None` where it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Profile> {
        let (words, mut rest) = bytes.split_at_checked((WORDS + STARTS + 2) * 8)?;
        let mut profile = Profile::EMPTY;
        let Profile { lengths, starts, jwts, flags, .. } = &mut profile;
        let places = lengths.iter_mut().chain(starts).chain([jwts, flags]);
        for (chunk, word) in words.chunks_exact(8).zip(places) {
            *word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        while let [issuers, length, more @ ..] = rest {
            let (name, more) = more.split_at_checked(usize::from(*length))?;
            let name = std::str::from_utf8(name).ok()?;
            for (bit, of_one) in [(1, false), (2, true)] {
                if issuers & bit != 0 && !profile.claims.add(name, of_one) {
                    return None;
                }
            }
            rest = more;
        }
        rest.is_empty().then_some(profile)
    }

    /// A digest tells neither length nor bytes. No token is shorter than 8 bytes.
    fn add_any(&mut self, flag: u64) {
        self.lengths = Profile::ANY.lengths;
        self.starts = Profile::ANY.starts;
        self.flags |= flag | ODD;
    }
}

impl Register {
    const EMPTY: Register =
        Register { claims: Vec::new(), payload: Vec::new(), header: Vec::new() };

    /// How many different claims a store knows: each is looked for in every JWT.
    pub const MOST: usize = 32;

    /// Each claim.
    pub fn claims(&self) -> &[RegisteredClaim] {
        &self.claims
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Takes one in; whether there was room for it.
    pub(super) fn add(&mut self, name: &str, of_one: bool) -> bool {
        let at = self.claims.iter().position(|claim| *claim.name == *name);
        let at = at.unwrap_or_else(|| {
            let claim = RegisteredClaim { name: name.into(), of_any: false, of_one: false };
            if self.claims.len() < Register::MOST {
                self.claims.push(claim);
                self.seek(self.claims.len() - 1, name);
            }
            self.claims.len() - 1
        });
        let Some(claim) = self.claims.get_mut(at).filter(|claim| *claim.name == *name) else {
            return false;
        };
        *(if of_one { &mut claim.of_one } else { &mut claim.of_any }) = true;
        true
    }

    /// What leads to values in the payload.
    pub(super) fn payload(&self) -> &[Wanted] {
        &self.payload
    }

    /// What leads to values in the header.
    pub(super) fn header(&self) -> &[Wanted] {
        &self.header
    }

    fn seek(&mut self, number: usize, name: &str) {
        if self.payload.is_empty() {
            for (number, path) in [(ISSUED_AT, "iat"), (ISSUER, "iss")] {
                self.payload.push(Wanted { number, sort: Sort::Value, path: path.into() });
            }
        }
        places(name, &mut |place| {
            let (part, sort, path) = match place {
                Place::Header(path) => (&mut self.header, Sort::Value, path),
                Place::HeaderKey(path) => (&mut self.header, Sort::Key, path),
                Place::Payload(path) => (&mut self.payload, Sort::Value, path),
                Place::PayloadKey(path) => (&mut self.payload, Sort::Key, path),
            };
            part.push(Wanted { number, sort, path: path.into() });
        });
    }
}

impl Default for Profile {
    fn default() -> Profile {
        Profile::EMPTY
    }
}

fn place(length: usize) -> (usize, u64) {
    let length = length.min(WORDS * 64 - 1);
    (length / 64, 1 << (length % 64))
}

/// The place of the first two bytes; others share it.
fn start(value: &[u8]) -> (usize, u64) {
    let first = value.first_chunk::<2>().map_or(0, |bytes| u32::from(u16::from_le_bytes(*bytes)));
    let place = (first.wrapping_mul(0x9e37_79b1) >> 23) as usize;
    (place / 64, 1 << (place % 64))
}

/// The places of a start are as many as there are bits for them.
const _: () = assert!(STARTS * 64 == 1 << (32 - 23));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_added_and_little_else() {
        let mut profile = Profile::EMPTY;
        assert!(!profile.may_hold(b"12345678"));
        profile.add_token(b"12345678");
        assert!(profile.may_hold(b"12cdefgh") && !profile.may_hold(b"abcdefgh"));
        assert!(!profile.may_hold(b"123456789"));
        profile.add_token(&[b'x'; 4000]);
        assert!(profile.may_hold(&[b'x'; 5000]) && !profile.may_hold(&[b'x'; 500]));
        assert!(!profile.has_sha256());
        profile.add(Kind::Sha1);
        assert!(profile.may_hold(b"a value of any length") && !profile.may_hold(b"short"));
        assert!(profile.has_sha1() && !profile.has_jwt() && profile.claims().is_empty());
    }

    #[test]
    fn what_only_a_key_is_known_of() {
        let mut profile = Profile::EMPTY;
        profile.add(Kind::Jwt);
        assert!(profile.has_jwt() && !profile.has_keys());
        profile.add_known(Kind::Claim);
        assert!(profile.has_keys() && !profile.has_sha256());
        profile.add_known(Kind::Token);
        assert!(profile.has_sha256() && profile.may_hold(b"a value of any length"));
        let mut token = Profile::EMPTY;
        token.add_token(b"a-fake-token");
        token.forget_tokens();
        assert!(token.has_sha256() && !token.has_keys() && token.may_hold(b"another-one"));
    }

    #[test]
    fn the_shortest_that_may_match() {
        let mut profile = Profile::EMPTY;
        assert_eq!(profile.shortest(), usize::MAX);
        profile.add_jwt(br#"{"alg":"none"}"#, br#"{"sub":"somebody"}"#);
        assert_eq!(profile.shortest(), 32, "45 are written");
        profile.add_token(&[b'x'; 31]);
        assert_eq!(profile.shortest(), 31);
        profile.add_token("\u{e4}".repeat(15).as_bytes());
        assert_eq!(profile.shortest(), 15, "in Latin-1 it has half the bytes");
        profile.add_jwt(br#"{"alg":"none","zip":"DEF"}"#, br#"{"sub":"somebody"}"#);
        assert_eq!(profile.shortest(), 0);
        let mut digests = Profile::EMPTY;
        digests.add(Kind::Sha1);
        assert_eq!(digests.shortest(), 4);
        let mut claims = Profile::EMPTY;
        assert!(claims.add_claim("sub", false));
        assert_eq!(claims.shortest(), 0);
    }

    #[test]
    fn bytes_and_back() {
        let mut profile = Profile::EMPTY;
        profile.add_token(b"a token");
        profile.add(Kind::Jwt);
        assert!(profile.add_claim("sub", true) && profile.add_claim("sub", false));
        assert!(profile.add_claim("header:x5t", true));
        assert_eq!(Profile::from_bytes(&profile.to_bytes()), Some(profile.clone()));
        let mut merged = Profile::EMPTY;
        assert!(merged.merge(&profile));
        assert_eq!(merged, profile);
        let bytes = profile.to_bytes();
        assert_eq!(Profile::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Profile::from_bytes(b""), None);
    }

    #[test]
    fn a_register_has_an_end() {
        let mut profile = Profile::EMPTY;
        for number in 0..Register::MOST {
            assert!(profile.add_claim(&format!("claim{number}"), false));
        }
        assert!(!profile.add_claim("another", true));
        assert!(profile.add_claim("claim0", true));
    }
}
