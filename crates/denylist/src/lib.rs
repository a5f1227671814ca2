//! The store of banned tokens: written by the `tokenban` command, read by NGINX workers.
