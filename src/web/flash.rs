//! What a form wants to say on the page that follows it. The guard hands it to that page in
//! [`Shell::flash`](super::shell::Shell) and forgets it once the page was shown.

use actix_session::Session;
use serde::{Deserialize, Serialize};

const NAME: &str = "flash";

/// What is said, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flash {
    /// The sentence.
    pub words: String,
    /// Whether the form did what it was for.
    pub is_done: bool,
}

/// Keeps `words` for the next page of this visitor: what the form did.
pub fn say(session: &Session, words: &str) -> anyhow::Result<()> {
    keep(session, words, true)
}

/// The same about why the form did nothing.
pub fn say_why_not(session: &Session, words: &str) -> anyhow::Result<()> {
    keep(session, words, false)
}

fn keep(session: &Session, words: &str, is_done: bool) -> anyhow::Result<()> {
    let words = words.to_owned();
    Ok(session.insert(NAME, Flash { words, is_done })?)
}

/// What is to be said.
pub fn waiting(session: &Session) -> Option<Flash> {
    session.get(NAME).ok().flatten()
}

/// It was said.
pub fn forget(session: &Session) {
    session.remove(NAME);
}
