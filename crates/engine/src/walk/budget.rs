//! What inspecting one request may cost: one budget for every byte that a parser hands to the next.
//!
//! Readings multiply: charsets of codings of escapes of a body, each with readings of its own. A
//! parser is linear, the product of several is not, so what all of them do together is counted, and
//! past the allowance the request counts as not inspected. Work is counted, not timed: the same
//! request costs the same everywhere. A unit is about a nanosecond.

/// Units that any request may cost, whatever its size. The head is inspected within these.
pub const FREE: usize = 30_000_000;
/// Further units for each byte of a body.
pub const PER_BYTE: usize = 40;
/// What is inflated counts as received, up to so many bytes for each compressed one.
pub const INFLATED: usize = 8;
/// What a parser does with bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    Arguments,
    Charset,
    /// A value is decoded.
    Decode,
    Gql,
    Inflate,
    Json,
    Messages,
    Multipart,
    /// A value can hold no banned token.
    Skip,
    /// A value is matched, and looked at by the parsers below.
    Value,
    Xml,
}

impl Work {
    /// Units for each byte.
    const fn weight(self) -> usize {
        match self {
            Work::Decode
            | Work::Gql
            | Work::Inflate
            | Work::Messages
            | Work::Skip
            | Work::Value => 1,
            Work::Arguments | Work::Json | Work::Xml => 2,
            Work::Charset | Work::Multipart => 4,
        }
    }

    /// Units beside those of the bytes.
    const fn once(self) -> usize {
        match self {
            Work::Decode => 40,
            Work::Value => 30,
            _ => 10,
        }
    }
}

/// What is left, and what was spent.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    /// Inflated bytes that still count as received.
    inflatable: usize,
    spent: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { left: FREE, inflatable: 0, spent: 0 }
    }
}

impl Budget {
    /// Grants what any request may cost, and no more.
    pub(crate) fn renew(&mut self) {
        (self.left, self.inflatable) = (FREE, 0);
    }

    /// Grants what a body of so many bytes may cost.
    pub(crate) fn receive(&mut self, bytes: usize) {
        self.grant(bytes);
        self.inflatable = self.inflatable.saturating_add(bytes.saturating_mul(INFLATED - 1));
    }

    /// Grants what a layer of a body may cost, once it is inflated.
    pub(crate) fn inflate(&mut self, bytes: usize) {
        let granted = bytes.min(self.inflatable);
        self.inflatable -= granted;
        self.grant(granted);
    }

    fn grant(&mut self, bytes: usize) {
        self.left = self.left.saturating_add(bytes.saturating_mul(PER_BYTE));
    }

    /// Pays for work on bytes before it is done; says whether that was possible. Once it was not,
    /// nothing is left.
    pub(crate) fn spend(&mut self, work: Work, bytes: usize) -> bool {
        let cost = bytes.saturating_mul(work.weight()).saturating_add(work.once());
        let paid = self.left.min(cost);
        self.left -= paid;
        self.spent = self.spent.saturating_add(paid);
        paid == cost
    }

    /// Most bytes that the rest pays for.
    pub(crate) fn affords(&self, work: Work) -> usize {
        self.left / work.weight()
    }

    pub(crate) fn spent(&self) -> usize {
        self.spent
    }
}
