//! Why a database cannot be reached, in words that say what to do and never hold a password.
//! libpq repeats what it was given: a password with an `@` in it turns up as part of a host name.

use diesel::ConnectionError;

/// What libpq says when it read the connection string and then got no connection. What it says
/// otherwise is about the string itself, and quotes it.
const ABOUT_THE_SERVER: [&str; 3] = ["connection to server", "could not", "server does not"];

/// These end the password, or the host, of a URL: within a password they must be written in percent.
const RESERVED: [char; 5] = ['@', '/', ':', '?', '#'];

/// The reason for people.
pub fn explain(error: &ConnectionError, url: &str) -> String {
    let ConnectionError::BadConnection(message) = error else {
        return unreadable();
    };
    if !ABOUT_THE_SERVER.iter().any(|w| message.starts_with(w)) {
        return unreadable();
    }
    let password = password(url).unwrap_or_default();
    if password.contains(RESERVED) {
        return unreadable();
    }
    format!(
        "the database server cannot be reached: {}\n\
         Check that it runs and that DATABASE_URL is right",
        message.trim_end()
    )
}

fn unreadable() -> String {
    "DATABASE_URL cannot be read. It looks like postgres://user:password@host:5432/database, with \
     %40 for an @ and %2F for a / in the password, or like host=… user=… dbname=…"
        .to_owned()
}

/// What stands where a URL has its password.
fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.rsplit_once('@')?;
    let (_, password) = login.split_once(':')?;
    Some(password)
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
                "postgres://app:sec/ret@db.example/status",
                "invalid integer value \"sec\" for connection option \"port\"",
            ),
            (
                "postgres://app:12/ret@db.example/status",
                "connection to server failed: FATAL: database \"ret@db.example/status\"",
            ),
            (
                "postgressql//app:secret@db.example/status",
                "missing \"=\" after \"postgressql//app:secret@db.example/status\"",
            ),
            (
                "postgres://app:sec%zzret@db.example/status",
                "invalid percent-encoded token: \"sec%zzret\"",
            ),
        ] {
            let words = explained(url, message);
            assert!(words.starts_with("DATABASE_URL cannot be read"), "{words}");
            assert!(!words.contains("ret"), "{words}");
        }
    }
}
