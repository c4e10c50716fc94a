//! Why a database cannot be reached, in words that say what to do and never hold a password.
//! libpq repeats what it was given: a password with an `@` in it turns up as part of a host name.

use diesel::ConnectionError;

/// What libpq says when it read the connection string and then got no connection. What it says
/// otherwise is about the string itself, and quotes it.
const ABOUT_THE_SERVER: [&str; 4] = [
    "connection to server",
    "could not translate host name",
    "could not",
    "server does not support SSL",
];

/// A shorter piece of a password is found in every sentence.
const SHORTEST_PIECE: usize = 3;

/// The reason for people.
pub fn explain(error: &ConnectionError, url: &str) -> String {
    let ConnectionError::BadConnection(message) = error else {
        return unreadable();
    };
    if !ABOUT_THE_SERVER.iter().any(|w| message.starts_with(w)) {
        return unreadable();
    }
    let mut message = message.trim_end().to_owned();
    for piece in secrets(url) {
        message = message.replace(&piece, "…");
    }
    format!(
        "the database server cannot be reached: {message}\n\
         Check that it runs and that DATABASE_URL is right"
    )
}

fn unreadable() -> String {
    "DATABASE_URL cannot be read. It looks like postgres://user:password@host:5432/database, with \
     %40 for an @ and %2F for a / in the password, or like host=… user=… dbname=…"
        .to_owned()
}

/// Every piece of the connection string that may be of a password, whole ones first.
fn secrets(url: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if let Some((_, rest)) = url.split_once("://")
        && let Some((login, _)) = rest.rsplit_once('@')
        && let Some((_, password)) = login.split_once(':')
    {
        found.push(password.to_owned());
        found.extend(password.split(['@', '/', ':', '?', '#']).map(str::to_owned));
    }
    let after = url.split("password=").skip(1);
    found.extend(after.map(|rest| match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next().unwrap_or_default().to_owned(),
        None => rest.split(['&', ' ']).next().unwrap_or_default().to_owned(),
    }));
    let decoded: Vec<String> = found
        .iter()
        .map(|piece| {
            percent_encoding::percent_decode_str(piece)
                .decode_utf8_lossy()
                .into_owned()
        })
        .collect();
    found.extend(decoded);
    found.retain(|piece| piece.len() >= SHORTEST_PIECE);
    found.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(url: &str, message: &str) -> String {
        explain(&ConnectionError::BadConnection(message.to_owned()), url)
    }

    #[test]
    fn the_reason_is_told() {
        let message = "connection to server at \"127.0.0.1\", port 1 failed: Connection refused";
        let words = explained("postgres://app:secret@127.0.0.1:1/status", message);
        assert!(words.contains(message), "{words}");
    }

    #[test]
    fn no_piece_of_a_password_is() {
        for (url, message) in [
            (
                "postgres://app:sec@ret@db.example/status",
                "could not translate host name \"ret@db.example\" to address",
            ),
            (
                "postgres://app:%73ecret@db.example/status",
                "connection to server failed: FATAL: secret",
            ),
            (
                "postgres://app:sec/ret@db.example/status",
                "invalid integer value \"sec\" for connection option \"port\"",
            ),
            (
                "postgressql//app:secret@db.example/status",
                "missing \"=\" after \"postgressql//app:secret@db.example/status\"",
            ),
            (
                "host=db.example password=secret",
                "could not translate host name \"secret\" to address",
            ),
            (
                "host=db.example password='sec ret'",
                "could not translate host name \"sec ret\" to address",
            ),
        ] {
            let words = explained(url, message);
            assert!(!words.contains("sec") && !words.contains("ret@"), "{words}");
        }
    }
}
