//! API keys: `acs_test_…` and `acs_live_…`, 24 random letters and digits, then a checksum of six,
//! so that a mistyped key is told from a revoked one without a look at the store.

use rand::Rng;
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

use super::request::Environment;

const RANDOM_CHARS: usize = 24;
const CHECKSUM_CHARS: usize = 6;

/// How long a key is.
pub const LENGTH: usize = prefix(Environment::Test).len() + RANDOM_CHARS + CHECKSUM_CHARS;

/// What the store keeps of a key, and what it is looked up by. A key has 142 random bits, so a
/// plain hash cannot be reversed.
pub type KeyHash = [u8; 32];

/// A key in clear, as it is shown once.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// A new key for an environment.
    pub fn generate(environment: Environment, rng: &mut impl Rng) -> Self {
        let random = Alphanumeric.sample_string(rng, RANDOM_CHARS);
        let body = format!("{}{random}", prefix(environment));
        let checksum = checksum(&body);
        Self(body + &checksum)
    }

    /// A key that was kept in clear; `None` when it is none, or mistyped.
    pub fn from_text(text: &str) -> Option<Self> {
        is_well_formed(text).then(|| Self(text.to_owned()))
    }

    /// The whole key; show it once, never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters, by which people recognise a key.
    pub fn tail(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// What the store keeps.
    pub fn hash(&self) -> KeyHash {
        hash(&self.0)
    }
}

/// The hash of what a sender presented.
pub fn hash(presented: &str) -> KeyHash {
    Sha256::digest(presented.as_bytes()).into()
}

/// Whether `presented` has the form of a key with a right checksum.
pub fn is_well_formed(presented: &str) -> bool {
    Environment::ALL
        .iter()
        .any(|e| presented.starts_with(prefix(*e)))
        && presented.is_ascii()
        && presented.len() == LENGTH
        && {
            let (body, sum) = presented.split_at(LENGTH - CHECKSUM_CHARS);
            checksum(body) == sum
        }
}

/// How the keys of an environment begin.
pub const fn prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Test => "acs_test_",
        Environment::Production => "acs_live_",
    }
}

/// What is shown of a key once it was made, such as `acs_live_…f31c`.
pub fn shown(environment: Environment, tail: &str) -> String {
    format!("{}…{tail}", prefix(environment))
}

/// A text with nothing of the keys in it but how they begin.
pub fn hidden(text: &str) -> String {
    let (mut hidden, mut rest) = (String::new(), text);
    let begin = |text: &str| {
        let begins = Environment::ALL.map(prefix).into_iter();
        let ends = begins.filter_map(|begin| Some(text.find(begin)? + begin.len()));
        ends.min()
    };
    while let Some(end) = begin(rest) {
        let (before, secret) = rest.split_at(end);
        rest = secret.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        hidden += before;
        if rest.len() < secret.len() {
            hidden.push('…');
        }
    }
    hidden + rest
}

fn checksum(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    digest[..CHECKSUM_CHARS / 2]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognised_and_a_typing_error_too() {
        let key = ApiKey::generate(Environment::Production, &mut rand::rng());
        assert!(key.expose().starts_with("acs_live_"));
        assert!(is_well_formed(key.expose()));
        assert_eq!(hash(key.expose()), key.hash());
        assert!(ApiKey::from_text(key.expose()).is_some_and(|same| same.hash() == key.hash()));
        let mistyped = key.expose().replacen("acs_live_", "acs_test_", 1);
        assert!(!is_well_formed(&mistyped));
        assert!(!is_well_formed(""));
        assert!(!is_well_formed(&"é".repeat(30)));
    }

    #[test]
    fn nothing_of_a_key_is_left_but_how_it_begins() {
        let key = ApiKey::generate(Environment::Test, &mut rand::rng());
        let line = format!("-H 'x-api-key: {}' and acs_live_zb", key.expose());
        assert_eq!(hidden(&line), "-H 'x-api-key: acs_test_…' and acs_live_…");
        for same in ["T-1", "acs_live_", "acs_live_…f31c"] {
            assert_eq!(hidden(same), same);
        }
    }
}
