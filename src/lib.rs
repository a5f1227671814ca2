//! tokenban in NGINX: directives, variables and one access-phase handler around the engine.
//!
//! The engine decides; this crate turns an NGINX request into what the engine reads and a decision
//! into a status. It is the only place with unsafe code.

mod answer;
mod barrier;
mod body;
mod body_conf;
mod body_filter;
mod conf;
mod conf_ext;
mod count;
mod credentials;
mod decision;
mod denial;
mod directives;
mod fingerprint;
mod handler;
mod inspection;
mod live;
mod log;
mod metrics;
mod module;
mod nginx;
mod pieces;
mod request;
mod rule_variables;
mod ruleset;
mod status_page;
mod store;
mod stream;
mod thread;
mod timer;
mod upstream;
mod variables;
mod verdict;
mod worker;
mod worker_user;
mod zone;
