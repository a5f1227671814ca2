//! Rules in, decisions out: the part of tokenban that knows nothing of NGINX.
#![forbid(unsafe_code)]
