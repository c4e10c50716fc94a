//! Keys in a search. The store has a hash of each and the last four characters: a whole key is
//! recognised, and so is one as it is shown, `acs_live_…f31c`; of any other beginning only the
//! environment can be told, so the keys of that are shown to choose from.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::api_key;
use crate::domain::filter::Subject;
use crate::domain::request::Environment;
use crate::domain::search::{Search, key_environment};
use crate::store::api_keys::KeyRow;
use crate::store::requests::Tab;
use crate::web::format::Moment;

/// What a search for keys comes to.
pub struct KeysFound {
    /// The heading of the page.
    pub heading: String,
    /// What can be said of it.
    pub words: &'static str,
    /// Whether a whole key was pasted.
    pub is_whole: bool,
    /// Keys to choose from.
    pub lines: Vec<KeyLine>,
}

/// A key of the company.
pub struct KeyLine {
    /// Its name.
    pub name: String,
    /// What is shown of it.
    pub shown: String,
    /// When it was last used, in words.
    pub last_used: Option<String>,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// Its requests.
    pub url: String,
}

/// The keys of the company that a query names: whole, as they are shown, or by their tail alone.
pub fn named<'k>(query: &str, search: &Search, keys: &'k [KeyRow]) -> Vec<&'k KeyRow> {
    let tail = query.trim_start_matches('…');
    let is_named =
        |key: &&KeyRow| key.tail == tail || search.keys.iter().any(|sent| is_this(sent, key));
    keys.iter().filter(is_named).collect()
}

fn is_this(sent: &str, key: &KeyRow) -> bool {
    api_key::hash(sent)[..] == key.hash[..] || key.shown() == sent
}

/// The list that shows what came with a key.
pub fn list(key: &KeyRow) -> (Tab, Subject) {
    let tab = match key.environment() {
        Environment::Test => Tab::Test,
        Environment::Production => Tab::Invalid,
    };
    (tab, Subject::Key(key.id))
}

impl KeysFound {
    /// What the first key of a search is, if there is one.
    pub fn new(
        search: &Search,
        keys: &[KeyRow],
        address: impl Fn((Tab, Subject)) -> String,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let sent = search.keys.first()?;
        let environment = key_environment(sent)?;
        let is_whole = api_key::is_well_formed(sent);
        if let Some(key) = keys.iter().find(|key| is_this(sent, key)) {
            return Some(Self {
                heading: format!("The key {}", key.title()),
                words: "",
                is_whole,
                lines: Vec::new(),
            });
        }
        let of_environment = keys.iter().filter(|key| key.environment() == environment);
        let line = |key: &KeyRow| KeyLine {
            name: key.name.clone(),
            shown: key.shown(),
            last_used: key
                .last_used_at
                .map(|at| Moment::new(at, zone).in_words(now)),
            is_revoked: key.revoked_at.is_some(),
            url: address(list(key)),
        };
        Some(Self {
            heading: match (is_whole, environment) {
                (true, _) => "Not a key of this company".to_owned(),
                (false, Environment::Test) => "The test keys".to_owned(),
                (false, Environment::Production) => "The production keys".to_owned(),
            },
            words: match (is_whole, sent.len() >= api_key::LENGTH) {
                (true, _) => {
                    "So nothing that came with it is found here. These are the company’s own of \
                     that environment."
                }
                (false, true) => {
                    "A key ends in a checksum, and that of the one pasted is wrong: it was mistyped \
                     or cut. These are the company’s own of that environment."
                }
                (false, false) => {
                    "All of them begin so. Only a hash of each is kept, so nothing can be looked up \
                     by a part of it but the last four characters: compare those."
                }
            },
            is_whole,
            lines: of_environment.map(line).collect(),
        })
    }
}
