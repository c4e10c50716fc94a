//! The machine's way in, over HTTP, down to the rows.

mod accepted;
mod bodies;
mod errors;
mod keys;
mod properties;
mod routes;
mod senders;
