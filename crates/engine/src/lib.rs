//! Rules in, decisions out: the part of tokenban that knows nothing of NGINX.
#![forbid(unsafe_code)]

pub mod bounds;
pub mod condition;
pub mod credentials;
pub mod decision;
pub mod denylist;
mod evidence;
pub mod example;
pub mod fingerprint;
pub mod limits;
pub mod load;
#[doc(hidden)] // for benches and fuzzing
pub mod matcher;
pub mod pattern;
pub mod point;
pub mod readings;
pub mod request;
pub mod rule;
pub mod rule_files;
mod ruleset;
pub mod search;
mod spelling;
mod suggest;
pub mod token;
mod tree;
pub mod uri_condition;
mod walk;

pub use evidence::ExampleFailure;
pub use ruleset::{Inspection, Look, Miss, Place, Reason, Ruleset, Scratch, Stage};
pub use tokenban_parse::jwt::Jwt;
pub use walk::budget;
