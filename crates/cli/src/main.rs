//! The `tokenban` command.
fn main() {}
