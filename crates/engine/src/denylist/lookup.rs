//! Looking a value up: which keys it may be found by, and which bans count.
//!
//! A value is hashed once for all rules and lists at its leaf, and not at all where the profile of
//! the store excludes it or where the same bytes were clean at another leaf of the request. It is
//! digested, and a JWT decoded, only where the store's filter does not say no to the hash.

use sha1::Sha1;
use sha2::Digest;

use super::{claims::Claims, sought::plain_jwt, Ban, Denylists, Key, Register, Sought, StoreLost};
use tokenban_parse::{
    base64::encode_url,
    jwt::{jwt, Jwt},
    shrink, Buffers, Coverage,
};

use crate::{bounds::CLAIM_KEYS, decision::Incomplete};

/// What hears of a ban.
type Found<'a> = dyn FnMut(&Key, &Ban<'_>) + 'a;

/// Look-ups for one request.
pub(crate) struct Lookup<'a> {
    store: &'a dyn Denylists,
    now: u64,
    memory: &'a mut Memory,
    /// Why some value was not looked up, where it was not.
    pub(crate) incomplete: Option<Incomplete>,
}

/// Working memory, kept from request to request.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    clean: Clean,
    scanned: Scanned,
    buffers: Buffers,
    claims: Claims,
    /// A JWT's header and payload in their one spelling.
    text: Vec<u8>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(store: &'a dyn Denylists, now: u64, memory: &'a mut Memory) -> Lookup<'a> {
        memory.clean.clear();
        memory.scanned.0.clear();
        Lookup { store, now, memory, incomplete: None }
    }

    /// Reports every ban of the value: as it is, by its digests, as a JWT.
    pub(crate) fn value(&mut self, value: &[u8], found: &mut Found<'_>) {
        let profile = self.store.profile();
        if profile.may_hold(value) && !self.memory.clean.holds(value) {
            self.token(value, found);
        }
        if profile.has_jwt() || !profile.claims().is_empty() {
            self.jwts(value, found);
        }
    }

    fn token(&mut self, value: &[u8], found: &mut Found<'_>) {
        let mut clean = true;
        let live = &mut |ban: &Ban<'_>| {
            if ban.expires.is_none_or(|expires| self.now < expires) {
                clean = false;
                found(&Key::token(value), ban);
            }
        };
        let mut asked = Ok(());
        if self.store.may_hold(&Sought::Token(value), &mut || Some(Key::token(value))) {
            asked = self.store.find(&Key::token(value), live);
        }
        if self.store.profile().has_sha1() {
            asked = asked.and(self.store.find_sha1(&Sha1::digest(value).into(), live));
        }
        match asked {
            Err(StoreLost) => self.incomplete = Some(Incomplete::Store),
            Ok(()) if clean => self.memory.clean.add(value),
            Ok(()) => {}
        }
    }

    fn jwts(&mut self, value: &[u8], found: &mut Found<'_>) {
        let Memory { buffers, claims, scanned, text, .. } = &mut *self.memory;
        if scanned.covers(value) {
            return;
        }
        let profile = self.store.profile();
        let whole = profile.has_jwt() && !is_unknown_jwt(self.store, value);
        if !whole && profile.claims().is_empty() {
            return scanned.keep(value);
        }
        let ask = Ask { store: self.store, now: self.now, whole };
        let (mut incomplete, mut clean) = (None, true);
        let found = &mut |key: &Key, ban: &Ban<'_>| {
            clean = false;
            found(key, ban);
        };
        let coverage = jwt(value, buffers, &mut |jwt| {
            if let Err(why) = ask.jwt(jwt, claims, text, found) {
                incomplete = Some(why);
            }
        });
        if coverage == Coverage::Cut {
            incomplete = incomplete.or(Some(Incomplete::Bound));
        }
        if clean && incomplete.is_none() {
            scanned.keep(value);
        }
        buffers.shrink();
        claims.shrink();
        shrink(text);
        self.incomplete = self.incomplete.or(incomplete);
    }
}

/// Whether the only JWT of a value has no entry, as can be told without decoding it.
fn is_unknown_jwt(store: &dyn Denylists, value: &[u8]) -> bool {
    plain_jwt(value).is_some_and(|(header, payload)| {
        !store.may_hold(&Sought::Jwt(header, payload), &mut || None)
    })
}

struct Ask<'a> {
    store: &'a dyn Denylists,
    now: u64,
    /// Whether JWTs are looked for as a whole, too.
    whole: bool,
}

impl Ask<'_> {
    fn jwt(
        &self,
        jwt: &Jwt<'_>,
        claims: &mut Claims,
        text: &mut Vec<u8>,
        found: &mut Found<'_>,
    ) -> Result<(), Incomplete> {
        if self.whole {
            self.whole(jwt, text, found)?;
        }
        let register = self.store.profile().claims();
        if !register.is_empty() {
            claims.read(jwt.header(), jwt.payload(), register);
            self.claims(claims, register, found)?;
        }
        Ok(())
    }

    /// Header and payload, in the spelling that the filter knows.
    fn whole(
        &self,
        jwt: &Jwt<'_>,
        text: &mut Vec<u8>,
        found: &mut Found<'_>,
    ) -> Result<(), Incomplete> {
        text.clear();
        encode_url(jwt.header(), text);
        let end = text.len();
        encode_url(jwt.payload(), text);
        let (header, payload) = text.split_at(end);
        let key = || Key::jwt(jwt.header(), jwt.payload());
        self.key(&Sought::Jwt(header, payload), &key, None, found)
    }

    /// Every value of every claim, for any issuer and for each that the JWT names.
    fn claims(
        &self,
        claims: &Claims,
        register: &Register,
        found: &mut Found<'_>,
    ) -> Result<(), Incomplete> {
        let mut keys = 0;
        for (number, claim) in register.claims().iter().enumerate() {
            let any = claim.of_any.then_some(None);
            let one = claims.issuers().map(Some).filter(|_| claim.of_one);
            let issuers = any.into_iter().chain(one);
            for value in claims.values(number) {
                for issuer in issuers.clone() {
                    keys += 1;
                    if keys > CLAIM_KEYS {
                        return Err(Incomplete::Bound);
                    }
                    let sought = Sought::Claim(&claim.name, issuer, value);
                    let key = || Key::claim(&claim.name, issuer, value);
                    self.key(&sought, &key, Some(claims), found)?;
                }
            }
        }
        match claims.is_cut {
            true => Err(Incomplete::Bound),
            false => Ok(()),
        }
    }

    /// Where claims are given, a ban may be of tokens issued before some time only.
    fn key(
        &self,
        sought: &Sought<'_>,
        key: &dyn Fn() -> Key,
        claims: Option<&Claims>,
        found: &mut Found<'_>,
    ) -> Result<(), Incomplete> {
        if !self.store.may_hold(sought, &mut || Some(key())) {
            return Ok(());
        }
        let key = key();
        let live = &mut |ban: &Ban<'_>| {
            let meant = match (claims, ban.issued_before) {
                (Some(claims), Some(second)) => claims.may_be_issued_before(second),
                _ => true,
            };
            if meant && ban.expires.is_none_or(|expires| self.now < expires) {
                found(&key, ban);
            }
        };
        self.store.find(&key, live).map_err(|StoreLost| Incomplete::Store)
    }
}

/// Values of this request that the store does not know: the first few, none of them long.
#[derive(Debug, Default)]
struct Clean {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

const CLEAN_VALUES: usize = 32;
const CLEAN_LENGTH: usize = 512;

impl Clean {
    fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
    }

    fn add(&mut self, value: &[u8]) {
        if self.lengths.len() < CLEAN_VALUES && value.len() <= CLEAN_LENGTH {
            self.bytes.extend_from_slice(value);
            self.lengths.push(value.len());
        }
    }

    fn holds(&self, value: &[u8]) -> bool {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().any(|length| {
            let Some((one, after)) = rest.split_at_checked(*length) else { return false };
            rest = after;
            one == value
        })
    }
}

/// The last value of this request in which no JWT is banned, if it was not long. What follows its
/// scheme comes next, and would be decoded and hashed once more.
#[derive(Debug, Default)]
struct Scanned(Vec<u8>);

const SCANNED_LENGTH: usize = 4096;

impl Scanned {
    fn keep(&mut self, value: &[u8]) {
        self.0.clear();
        if value.len() <= SCANNED_LENGTH && memchr::memchr(b'.', value).is_some() {
            self.0.extend_from_slice(value);
        }
    }

    /// Whether every JWT of the value was one of the last value. In its last words, the same compact
    /// ones are found as in the whole; a JSON serialisation is looked for at the beginning only.
    fn covers(&self, value: &[u8]) -> bool {
        let Some(before) = self.0.strip_suffix(value) else { return false };
        before.last().is_none_or(|byte| *byte == b' ') && memchr::memchr(b'{', value).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_a_scanned_value_are_covered() {
        let mut scanned = Scanned::default();
        assert!(!scanned.covers(b"a.b.c"));
        scanned.keep(b"Bearer a.b.c");
        assert!(scanned.covers(b"a.b.c") && scanned.covers(b"Bearer a.b.c"));
        assert!(!scanned.covers(b".b.c") && !scanned.covers(b"a.b"));
        scanned.keep(b"JWS {\"payload\":\"a\"}");
        assert!(!scanned.covers(b"{\"payload\":\"a\"}"));
        scanned.keep(b"a. JWS {\"payload\":\"a\"}");
        assert!(!scanned.covers(b"JWS {\"payload\":\"a\"}"));
    }

    #[test]
    fn clean_values_are_known_byte_for_byte() {
        let mut clean = Clean::default();
        clean.add(b"one");
        clean.add(b"");
        clean.add(b"three");
        assert!(clean.holds(b"one") && clean.holds(b"") && clean.holds(b"three"));
        assert!(!clean.holds(b"onethree") && !clean.holds(b"on") && !clean.holds(b"two"));
        clean.clear();
        assert!(!clean.holds(b"one"));
    }
}
