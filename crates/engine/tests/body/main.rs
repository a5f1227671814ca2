//! Points in request bodies: which values each reaches, in every spelling that applications accept.

mod accepted;
mod support;
mod wallarm;
