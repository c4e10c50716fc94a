//! Who may look: sessions, the guard, signing in and out, passwords.

pub mod forgotten_password;
pub mod guard;
mod link_mail;
pub mod own_password;
pub mod password_link;
pub mod passwords;
pub mod session;
pub mod sign_in;
pub mod throttle;
pub mod users;
