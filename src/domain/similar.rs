//! Whom a sender may have meant by an employee that nobody knows: for people who signed in. An
//! answer to a sender never names anyone.

use super::settings::{Employees, ProfileStatus};
use super::{email, label};

/// So many are named.
const MOST: usize = 3;

/// What [`label::slips`] tolerates at most.
const MOST_SLIPS: i32 = 2;

/// A longer text is no slip.
const LONGEST: usize = 100;

/// An employee whose e-mail or custom id is close to what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Similar<'s> {
    /// The row's id.
    pub id: i64,
    /// The e-mail, else the custom id.
    pub name: &'s str,
    /// Where the profile stands.
    pub status: ProfileStatus,
}

impl Employees {
    /// The closest to an e-mail or custom id that nobody has, the closest first, at most three. All
    /// are looked at, which takes 50,000 of them about two milliseconds: nearly every one is put
    /// aside by its digits and letters alone.
    pub fn similar(&self, sent: &str) -> Vec<Similar<'_>> {
        let sent = email::fold(sent);
        if sent.is_empty() || sent.len() > LONGEST {
            return Vec::new();
        }
        let wanted = Wanted::new(&sent);
        let mut found: Vec<(usize, Similar<'_>)> = self
            .names()
            .filter_map(|(id, email, custom_id, status)| {
                let distance = match wanted.domain {
                    Some(_) => wanted.distance_to_email(email),
                    None => wanted.distance_to_custom_id(custom_id),
                }?;
                let name = if email.is_empty() { custom_id } else { email };
                Some((distance, Similar { id, name, status }))
            })
            .collect();
        found.sort_by_key(|(distance, one)| (*distance, one.status, one.name));
        found.truncate(MOST);
        found.into_iter().map(|(_, similar)| similar).collect()
    }
}

/// What was sent, taken apart once.
struct Wanted<'a> {
    /// A custom id, or what stands before the `@`.
    name: &'a str,
    /// What stands behind it.
    domain: Option<&'a str>,
    letters: Letters,
}

impl<'a> Wanted<'a> {
    fn new(sent: &'a str) -> Self {
        let (name, domain) = match sent.split_once('@') {
            Some((name, domain)) => (name, Some(domain)),
            None => (sent, None),
        };
        Self {
            name,
            domain,
            letters: Letters::of(name),
        }
    }

    /// The same name at another domain, or a slip in the name at the same one.
    fn distance_to_email(&self, email: &str) -> Option<usize> {
        let (name, domain) = email.split_once('@')?;
        let sent_domain = self.domain?;
        match (name == self.name, domain == sent_domain) {
            (true, _) => Some(1),
            (false, true) => self.slips(name),
            (false, false) => {
                let slips = self.slips(name)?;
                Some(slips + 1 + label::slips(sent_domain, domain)?)
            }
        }
    }

    /// The same but for case, punctuation and a slip.
    fn distance_to_custom_id(&self, custom_id: &str) -> Option<usize> {
        self.slips(custom_id)
    }

    /// Neighbours in a row of numbers are other people: the digits must be the same.
    fn slips(&self, name: &str) -> Option<usize> {
        if !digits(self.name).eq(digits(name)) || !self.letters.are_close_to(&Letters::of(name)) {
            return None;
        }
        let bare = |name: &str| -> String {
            let letters = name.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let (sent, name) = (bare(self.name), bare(name));
        // Of punctuation alone nothing is left, and any two of that would be alike.
        if sent.is_empty() || name.is_empty() {
            return None;
        }
        label::slips(&sent, &name)
    }
}

fn digits(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_digit)
}

/// How often each letter of the alphabet occurs. A slip changes at most one into another, so names
/// whose letters are more than two slips apart need no comparison.
struct Letters([i8; 32]);

impl Letters {
    fn of(name: &str) -> Self {
        let mut counts = [0_i8; 32];
        let letters = name.bytes().filter(u8::is_ascii_alphabetic);
        for letter in letters {
            let count = &mut counts[usize::from(letter & 31)];
            *count = count.saturating_add(1);
        }
        Self(counts)
    }

    fn are_close_to(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(other.0);
        let (mut more, mut less) = (0, 0);
        for difference in pairs.map(|(a, b)| i32::from(a.saturating_sub(b))) {
            more += difference.max(0);
            less -= difference.min(0);
        }
        more.max(less) <= MOST_SLIPS
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Employee;
    use super::*;

    fn employees(names: &[(&str, &str)]) -> Employees {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Employees::new((1..).zip(names).map(|(id, (email, custom_id))| Employee {
            id,
            email: some(email),
            custom_id: some(custom_id),
            status: ProfileStatus::Active,
        }))
    }

    fn similar(sent: &str) -> Vec<i64> {
        let all = employees(&[
            ("ada.osei@acme.example", "L-1001"),
            ("ben.ruiz@acme.example", "L-1002"),
            ("agent17@acme.example", "A17"),
            ("", "nina"),
        ]);
        all.similar(sent).iter().map(|one| one.id).collect()
    }

    #[test]
    fn a_slip_or_another_domain_names_the_one_who_was_meant() {
        assert_eq!(similar("ada.osie@acme.example"), [1]);
        assert_eq!(similar("Adda.Osei@acme.example"), [1]);
        assert_eq!(similar("ada_osei@acme.example"), [1]);
        assert_eq!(similar("ada.osei@acme-mail.example"), [1]);
        assert_eq!(similar("ada.osie@acmee.example"), [1]);
        assert_eq!(similar("l1001"), [1]);
        assert_eq!(similar("1002"), [2]);
        assert_eq!(similar("ninna"), [4]);
    }

    #[test]
    fn someone_else_is_not_named() {
        assert_eq!(similar("paul@acme.example"), [0_i64; 0]);
        assert_eq!(similar("agent18@acme.example"), [0_i64; 0]);
        assert_eq!(similar("L-1003"), [0_i64; 0]);
        assert_eq!(similar(""), [0_i64; 0]);
        assert_eq!(similar("-"), [0_i64; 0]);
        assert_eq!(similar("_@acme.example"), [0_i64; 0]);
        assert_eq!(similar(&"x".repeat(10_000)), [0_i64; 0]);
    }

    #[test]
    fn the_closest_come_first_and_three_are_enough() {
        let all = employees(&[
            ("jon.smyth@acme.example", ""),
            ("john.smith@acme.example", ""),
            ("jon.smith@acme.example", ""),
            ("jan.smith@acme.example", ""),
        ]);
        let names: Vec<&str> = all
            .similar("jo.smith@acme.example")
            .iter()
            .map(|s| s.name)
            .collect();
        assert_eq!(names[0], "jon.smith@acme.example");
        assert_eq!(names.len(), 3);
    }
}
