//! Who may look: over HTTP, as people and their browsers do it.

mod forgotten_password;
mod guard;
mod headers;
mod password_link;
mod sign_in;
mod users;
