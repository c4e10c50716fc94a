//! What was typed or pasted into the search box, recognised: request ids, e-mails, keys, and words
//! that may be ticket ids or employees' custom ids. A whole log line or command may be pasted.

use uuid::Uuid;

use super::request::{Environment, KEPT_CHARS, RequestId};
use super::{api_key, email};

/// The things worth looking up in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Ids of requests.
    pub ids: Vec<RequestId>,
    /// E-mail addresses, folded.
    pub emails: Vec<String>,
    /// Keys, or how they begin. They are looked up as nothing else.
    pub keys: Vec<String>,
    /// Everything that could be a ticket or custom id: the whole text, then what has a digit or an `@`,
    /// then the rest. What has an `@` is here where it is written in another way than folded.
    pub words: Vec<String>,
}

/// What was typed as the beginning of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The beginning of a ticket id, an address or a custom id: as typed, and folded where it has an `@`.
    pub texts: Vec<String>,
    /// The first and the last request id that begin so.
    pub ids: Option<(Uuid, Uuid)>,
}

/// Shorter beginnings are of too many things, in characters.
const SHORTEST_PREFIX: usize = 3;

/// The digits of an id that tell its time to a minute: with fewer it is half the list.
const SHORTEST_ID_PREFIX: usize = 8;

/// A pasted line has few things worth looking up; each costs a look into an index.
const MOST_OF_EACH: usize = 12;

/// A pasted text is read only so far, in bytes.
const READ: usize = 16 * 1024;

impl Search {
    /// Recognises what is in `text`.
    pub fn recognise(text: &str) -> Self {
        let mut search = Self::default();
        let end = text.floor_char_boundary(READ);
        let text = text[..end].trim();
        if is_searchable(text) && !text.contains(char::is_control) {
            search.sort_in(text);
        }
        // A log line has more words than are looked up, and an id seldom stands first.
        let mut plain_words = Vec::new();
        let quotes_and_brackets = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>|=&?".contains(c);
        for token in text.split(quotes_and_brackets) {
            for piece in [token, after_last(token, ':'), after_last(token, '/')] {
                let piece = piece.trim_matches(|c: char| ".:/#".contains(c));
                if !is_searchable(piece) {
                    continue;
                }
                let is_telling = piece.contains(|c: char| c.is_ascii_digit() || c == '@');
                if is_telling || holds_key(piece) {
                    search.sort_in(piece);
                } else {
                    push_once(&mut plain_words, piece.to_owned());
                }
            }
        }
        for word in plain_words {
            push_once(&mut search.words, word);
        }
        search
    }

    /// Whether there is nothing to look up.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
            && self.emails.is_empty()
            && self.words.is_empty()
            && self.keys.is_empty()
    }

    /// Whether what was typed is too short to be looked up as the beginning of something.
    pub fn is_short(&self) -> bool {
        matches!(&self.words[..], [word] if word.chars().count() < SHORTEST_PREFIX)
    }

    /// The only thing that was typed, as the beginning of something; `None` for several things and
    /// for what is whole.
    pub fn prefix(&self) -> Option<Prefix> {
        let (typed, folded) = match (&self.words[..], &self.emails[..]) {
            ([word, ..], []) => (word, None),
            ([], [email]) => (email, None),
            ([typed], [email]) if email::fold(typed) == *email => (typed, Some(email)),
            _ => return None,
        };
        let is_one = self.ids.is_empty() && self.keys.is_empty();
        let is_long = typed.chars().count() >= SHORTEST_PREFIX;
        (is_one && is_long && !typed.contains(char::is_whitespace)).then(|| Prefix {
            texts: [typed].into_iter().chain(folded).cloned().collect(),
            ids: ids_from(typed),
        })
    }

    fn sort_in(&mut self, piece: &str) {
        if holds_key(piece) {
            if key_environment(piece).is_some() && !piece.contains(char::is_whitespace) {
                push_once(&mut self.keys, piece.to_owned());
            }
        } else if let Ok(id) = piece.parse::<RequestId>() {
            push_once(&mut self.ids, id);
            // A helpdesk may number its tickets with the same kind of id.
            push_once(&mut self.words, piece.to_owned());
        } else if piece.contains('@') && !piece.contains(char::is_whitespace) {
            let folded = email::fold(piece);
            // A ticket id may have an `@`, as that of a mail has, and is found as it was sent.
            if folded != piece {
                push_once(&mut self.words, piece.to_owned());
            }
            push_once(&mut self.emails, folded.into_owned());
        } else {
            push_once(&mut self.words, piece.to_owned());
        }
    }
}

/// The environment of what begins as its keys do.
pub fn key_environment(text: &str) -> Option<Environment> {
    let mut environments = Environment::ALL.into_iter();
    environments.find(|environment| text.starts_with(api_key::prefix(*environment)))
}

fn holds_key(piece: &str) -> bool {
    let begins = Environment::ALL.map(api_key::prefix);
    begins.into_iter().any(|begin| piece.contains(begin))
}

/// The first and the last id that begin with these digits.
fn ids_from(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_id = (SHORTEST_ID_PREFIX..32).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let filled = |with: &str| {
        let whole = digits.clone() + &with.repeat(32 - digits.len());
        u128::from_str_radix(&whole, 16).ok().map(Uuid::from_u128)
    };
    is_id.then(|| Some((filled("0")?, filled("f")?)))?
}

fn is_searchable(piece: &str) -> bool {
    !piece.is_empty() && !piece.contains('\0') && piece.chars().count() <= KEPT_CHARS
}

fn after_last(token: &str, separator: char) -> &str {
    token.rsplit(separator).next().unwrap_or(token)
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.len() < MOST_OF_EACH && !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01937a5e-4f6b-7abc-8def-0123456789ab";

    #[test]
    fn single_things_are_recognised() {
        assert_eq!(Search::recognise(ID).ids, [ID.parse().unwrap()]);
        let email = Search::recognise("  Paul@Acme.example ");
        assert_eq!(email.emails, ["paul@acme.example"]);
        assert_eq!(email.words, ["Paul@Acme.example"], "it may be a ticket");
        assert_eq!(Search::recognise("T-48211").words, ["T-48211"]);
        let spaced = Search::recognise("Case 48 211");
        assert_eq!(spaced.words[0], "Case 48 211");
        assert!(Search::recognise(" \n").is_empty());
    }

    #[test]
    fn one_thing_alone_may_be_the_beginning_of_something() {
        let prefix = |text: &str| Search::recognise(text).prefix();
        assert_eq!(prefix("T-482").unwrap().texts, ["T-482"]);
        assert_eq!(prefix("paul@").unwrap().texts, ["paul@"]);
        assert_eq!(prefix("Paul@Ac").unwrap().texts, ["Paul@Ac", "paul@ac"]);
        assert_eq!(prefix("T-"), None, "too short");
        assert_eq!(prefix("two words"), None);
        assert_eq!(prefix(ID), None, "whole");
        let (first, last) = prefix("01937a5e-4f").unwrap().ids.unwrap();
        assert_eq!(first.to_string(), "01937a5e-4f00-0000-0000-000000000000");
        assert_eq!(last.to_string(), "01937a5e-4fff-ffff-ffff-ffffffffffff");
        assert_eq!(prefix("1001").unwrap().ids, None);
    }

    #[test]
    fn a_key_is_looked_up_as_nothing_else() {
        let key = "acs_live_zbHWeiP8uIBYG5irkn0BtypD66e3d5";
        let line = format!("curl https://api.acme.example/v1/requests -H 'x-api-key: {key}'");
        let first = format!("{key} was refused");
        for text in [key, &line, &first] {
            let search = Search::recognise(text);
            assert_eq!(search.keys, [key], "{text}");
            assert!(!search.words.iter().any(|word| word.contains(key)));
        }
        for beginning in ["acs_live_", "acs_test_zb", "acs_live_…66d3"] {
            let search = Search::recognise(beginning);
            assert_eq!(search.keys, [beginning]);
            assert!(search.words.is_empty());
        }
    }

    #[test]
    fn a_pasted_command_gives_what_its_body_names() {
        let command = "curl -i https://api.acme.example/v1/requests \\\n  -d '{\"channel\": \"email\",\
                       \n \"employee\": {\"email\": \"paul@acme.example\"},\
                       \n \"ext_interaction_id\": \"T-48211\"}'";
        let search = Search::recognise(command);
        assert_eq!(search.emails, ["paul@acme.example"]);
        assert!(search.words.contains(&"T-48211".to_owned()));
    }

    #[test]
    fn a_log_line_gives_what_is_in_it() {
        let line = format!(
            "2026-11-23T10:41:07Z POST https://api.acme.example/v1/requests 400 \
             instance=/r/{ID} employee=\"paul@acme.example\" ticket:T-48211"
        );
        let search = Search::recognise(&line);
        assert_eq!(search.ids, [ID.parse().unwrap()]);
        assert_eq!(search.emails, ["paul@acme.example"]);
        assert!(search.words.contains(&"T-48211".to_owned()));
    }
}
