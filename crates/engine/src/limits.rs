//! The bounds of everything that is read or built on behalf of somebody else's input.

/// What decompression may yield in one request. What lies past a bound is not inspected, and the
/// request counts as not inspected as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inflation {
    /// Most bytes of one value or one layer of a body; of an XML document, with its entities
    /// expanded.
    pub(crate) size: usize,
    /// Most bytes of all values together.
    pub(crate) total: usize,
}

/// Of the request head: its values are a few kilobytes.
pub(crate) const HEAD: Inflation = Inflation { size: 1 << 20, total: 4 << 20 };

/// Of the body.
pub(crate) const BODY: Inflation = Inflation { size: 16 << 20, total: 64 << 20 };

/// What loading and compiling may cost. Each field says what happens past it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes of one rule file; a longer one is an error. Default: 16 MiB, about 50,000 rules.
    pub file_size: u64,
    /// Most bytes of one token file; a longer one is an error that points to a denylist.
    /// Default: 64 MiB, about a million tokens.
    pub token_file_size: u64,
    /// Most bytes of one descriptor set of Protocol Buffers; a longer one is an error. Default: 16 MiB.
    pub descriptor_size: u64,
    /// Most YAML nodes of one rule file with its aliases expanded, so that a few lines of nested
    /// aliases cannot become gigabytes. Default: 4,000,000.
    pub yaml_nodes: usize,
    /// Most mistakes reported of one file; the rest is counted. Default: 20.
    pub diagnostics: usize,
    /// Most bytes that the automaton of one pattern of a condition may take. Default: 1 MiB.
    pub condition_size: usize,
    /// Most bytes that one pattern of a rule may take compiled; a larger one is an error that names
    /// the rule. Default: 1 MiB.
    pub pattern_size: usize,
    /// Most bytes that all patterns at one leaf may take compiled; the rule that goes past it is an
    /// error. Default: 64 MiB.
    pub matcher_size: usize,
    /// Failed attempts at a dense automaton at one leaf, each a few milliseconds; past it automata
    /// are built while they search. Default: 64.
    pub dense_failures: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_size: 16 << 20,
            token_file_size: 64 << 20,
            descriptor_size: 16 << 20,
            yaml_nodes: 4_000_000,
            diagnostics: 20,
            condition_size: 1 << 20,
            pattern_size: 1 << 20,
            matcher_size: 64 << 20,
            dense_failures: 64,
        }
    }
}
