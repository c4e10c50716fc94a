//! Passwords: which may be chosen, how they are hashed (Argon2id), how one is checked. Hashing is
//! slow by design; call it in [`blocking::run`](crate::blocking::run).

use anyhow::anyhow;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::domain::email;

/// The shortest that may be chosen, in characters.
pub const MIN_CHARS: usize = 12;

/// The longest, in bytes.
pub const MAX_BYTES: usize = 128;

/// Checked in place of a hash that is not there, so that an unknown user takes the same time as a
/// wrong password. Nobody knows what it is the hash of.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$XAZ7GmL1JpdGtS2n2kSkuw$\
                       Wm3oGzHPwuZz2DL2i4W7fG2fKiG3d2nYlq8cS0cXx5E";

/// A password that may be chosen.
#[derive(Clone)]
pub struct NewPassword(String);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It has so few characters.
    TooShort(usize),
    /// It has more bytes than will be looked at.
    TooLong,
    /// It is the e-mail that it goes with.
    IsTheEmail,
}

impl NewPassword {
    /// Judges a password that the user with this e-mail wants.
    pub fn choose(password: String, address: &str) -> Result<Self, Weakness> {
        let chars = password.chars().count();
        if chars < MIN_CHARS {
            Err(Weakness::TooShort(chars))
        } else if password.len() > MAX_BYTES {
            Err(Weakness::TooLong)
        } else if email::fold(&password) == email::fold(address) {
            Err(Weakness::IsTheEmail)
        } else {
            Ok(Self(password))
        }
    }

    /// What the store keeps.
    pub fn hash(&self) -> anyhow::Result<String> {
        hash(&self.0)
    }
}

impl Weakness {
    /// The words at the field.
    pub fn words(self) -> String {
        match self {
            Self::TooShort(0) => format!("Choose a password of at least {MIN_CHARS} characters."),
            Self::TooShort(1) => format!("This password has 1 character; {MIN_CHARS} are needed."),
            Self::TooShort(chars) => {
                format!("This password has {chars} characters; {MIN_CHARS} are needed.")
            }
            Self::TooLong => format!("At most {MAX_BYTES} bytes; this password has more."),
            Self::IsTheEmail => "This is your e-mail. Choose something else.".to_owned(),
        }
    }
}

/// A password's hash as the store keeps it: Argon2id, PHC string.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow!("the password could not be hashed: {error}"))?;
    Ok(hash.to_string())
}

/// Whether `password` is the one of `hash`; as slow without a hash as with one.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let is_it = PasswordHash::new(hash.unwrap_or(NOBODYS)).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    });
    is_it && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = hash("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse battery", Some(&hash)));
        assert!(!verify("correct horse battery ", Some(&hash)));
        assert!(!verify("correct horse battery", None));
    }

    #[test]
    fn nobodys_hash_takes_as_long_as_anybodys() {
        let parameters = |hash: &str| {
            let parsed = PasswordHash::new(hash).unwrap();
            let length = parsed.hash.map(|output| output.len());
            (
                hash.split('$').take(4).collect::<Vec<_>>().join("$"),
                length,
            )
        };
        assert_eq!(parameters(NOBODYS), parameters(&hash("anybody's").unwrap()));
    }

    #[test]
    fn weak_passwords_are_told_why() {
        let choose = |password: &str| {
            let chosen = NewPassword::choose(password.to_owned(), "Ada.Osei@larkspur.example");
            chosen.map(|_| ()).map_err(Weakness::words)
        };
        assert_eq!(choose("twelve chars"), Ok(()));
        assert_eq!(choose("zwölf länger"), Ok(()));
        let short = "This password has 8 characters; 12 are needed.";
        assert_eq!(choose("eight ch"), Err(short.to_owned()));
        let own = "This is your e-mail. Choose something else.";
        assert_eq!(choose("ada.osei@larkspur.example "), Err(own.to_owned()));
        assert_eq!(choose(&"a".repeat(MAX_BYTES)), Ok(()));
        assert!(choose(&"a".repeat(MAX_BYTES + 1)).is_err());
    }
}
