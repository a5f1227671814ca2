//! Points in request bodies: which values each reaches, in every spelling that applications accept.

mod accepted;
mod anywhere;
mod bounds;
mod dear;
mod descriptors;
mod past;
mod pieces;
mod stream;
mod support;
mod table;
mod wallarm;
mod work;
