//! What of NGINX the bindings cannot be trusted with: [`bit_fields`] are left to the C compiler,
//! and where the bindings place everything else is compared with it when the module is built.

pub(crate) mod bit_fields;
mod layout;
