//! What is true whoever asks, tested without server or store.

mod body;
mod company;
mod email;
mod filter;
mod label;
mod properties;
mod recheck;
mod rules;
mod senders;
mod window;
