//! What a form wants to say on the page that follows it. The guard hands it to that page in
//! [`Shell::flash`](super::shell::Shell) and forgets it once the page was shown.

use actix_session::Session;

const NAME: &str = "flash";

/// Keeps `words` for the next page of this visitor.
pub fn say(session: &Session, words: &str) -> anyhow::Result<()> {
    Ok(session.insert(NAME, words)?)
}

/// What is to be said.
pub fn waiting(session: &Session) -> Option<String> {
    session.get(NAME).ok().flatten()
}

/// It was said.
pub fn forget(session: &Session) {
    session.remove(NAME);
}
