//! Rules in, decisions out: the part of tokenban that knows nothing of NGINX.
#![forbid(unsafe_code)]

pub mod limits;
#[allow(dead_code)] // until the walk of the points uses every parser
mod parse;
pub mod rule;
