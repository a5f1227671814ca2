//! What can go wrong.

/// Why no assertions can be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A line of the table is not `STRUCTURE: FIELD …`.
    #[error("line {0} of the table is not \"STRUCTURE: FIELD …\"")]
    Line(usize),
    /// A structure is there twice.
    #[error("line {0} of the table names a structure that another line has")]
    Duplicate(usize),
    /// The object file holds no probe, or a broken one.
    #[error("the object file of the probe does not hold its numbers")]
    Object,
    /// The object file is one of another table.
    #[error("the probe has {found} numbers where the table asks for {wanted}")]
    Count {
        /// How many the table asks for.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
}
