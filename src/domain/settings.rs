//! A company's settings as the rules see them: one immutable value, taken whole from the store.

use std::hash::{DefaultHasher, Hasher};

use serde::Deserialize;

use super::request::Environment;
use super::{email, label, language};

/// The longest text that a company sets up, such as an employee's custom id, in characters.
pub const MAX_TEXT_CHARS: usize = 255;

/// Everything about a company that decides whether a request is valid, at one version.
#[derive(Debug, Clone, Default)]
pub struct CompanySettings {
    /// Grows by one with every change, per company; a request names the one it was judged by.
    pub version: i64,
    /// The channels the company knows, enabled or not.
    pub channels: Vec<Channel>,
    /// The brands, active or not.
    pub brands: Vec<Brand>,
    /// The languages, active or not.
    pub languages: Vec<Language>,
    /// The people who can be asked about.
    pub employees: Employees,
}

/// A way in which customers are served.
#[derive(Debug, Clone)]
pub struct Channel {
    /// As the admin wrote it, such as `phone`.
    pub label: String,
    /// The form compared, see [`label::fold`].
    pub folded: String,
    /// Whether requests may name it.
    pub enabled: bool,
    /// Integrated (`true`) or manual (`false`); only integrated ones take production requests.
    pub integrated: bool,
    /// The other words that are read as it, in the form compared.
    pub aliases: Vec<String>,
}

/// A brand under which customers know the company.
#[derive(Debug, Clone)]
pub struct Brand {
    /// As the admin wrote it: what a request names.
    pub label: String,
    /// The form compared, see [`label::fold`].
    pub folded: String,
    /// Whether requests may name it.
    pub active: bool,
    /// The other words that are read as it, in the form compared.
    pub aliases: Vec<String>,
}

/// A language in which customers are asked.
#[derive(Debug, Clone)]
pub struct Language {
    /// The BCP 47 tag, such as `fr-CA`.
    pub label: String,
    /// The form compared, see [`label::fold`].
    pub folded: String,
    /// Whether requests may name it.
    pub active: bool,
    /// The other words that are read as it, in the form compared.
    pub aliases: Vec<String>,
}

impl Channel {
    /// A channel as configured.
    pub fn new(label: &str, enabled: bool, integrated: bool) -> Self {
        let folded = label::fold(label).into_owned();
        let label = label.to_owned();
        Self {
            label,
            folded,
            enabled,
            integrated,
            aliases: Vec::new(),
        }
    }

    /// Whether it takes requests of this environment, once it is enabled.
    pub fn takes(&self, environment: Environment) -> bool {
        self.integrated || environment == Environment::Test
    }
}

impl Brand {
    /// A brand as configured.
    pub fn new(label: &str, active: bool) -> Self {
        let folded = label::fold(label).into_owned();
        let label = label.to_owned();
        Self {
            label,
            folded,
            active,
            aliases: Vec::new(),
        }
    }
}

impl Language {
    /// A language as configured.
    pub fn new(label: &str, active: bool) -> Self {
        let folded = label::fold(label).into_owned();
        let label = label.to_owned();
        Self {
            label,
            folded,
            active,
            aliases: Vec::new(),
        }
    }
}

impl CompanySettings {
    /// The channel that a request means by `sent`, enabled or not: by its label, else by an alias.
    pub fn channel(&self, sent: &str) -> Option<&Channel> {
        let labelled = self.channel_labelled(sent);
        labelled.or_else(|| aliased(&self.channels, sent, |c| &c.aliases))
    }

    /// The brand that a request means by `sent`, active or not: by its label, else by an alias.
    pub fn brand(&self, sent: &str) -> Option<&Brand> {
        let labelled = self.brand_labelled(sent);
        labelled.or_else(|| aliased(&self.brands, sent, |b| &b.aliases))
    }

    /// The language that a request means by `sent`, active or not: by its tag, else by an alias.
    /// `en-US` does not mean `en` by itself.
    pub fn language(&self, sent: &str) -> Option<&Language> {
        let labelled = self.language_labelled(sent);
        labelled.or_else(|| aliased(&self.languages, sent, |l| &l.aliases))
    }

    /// The channel of this label.
    pub fn channel_labelled(&self, label: &str) -> Option<&Channel> {
        labelled(&self.channels, label, |c| (&c.label, &c.folded))
    }

    /// The brand of this label.
    pub fn brand_labelled(&self, label: &str) -> Option<&Brand> {
        labelled(&self.brands, label, |b| (&b.label, &b.folded))
    }

    /// The language of this tag.
    pub fn language_labelled(&self, tag: &str) -> Option<&Language> {
        labelled(&self.languages, tag, |l| (&l.label, &l.folded))
    }

    /// The channel that was probably meant by one that nobody knows, of those that would be accepted.
    pub fn suggested_channel(&self, sent: &str, environment: Environment) -> Option<&str> {
        let channels = self.channels.iter();
        let accepted = channels.filter(|c| c.enabled && c.takes(environment));
        label::did_you_mean(sent, accepted.map(|c| c.label.as_str()))
    }

    /// The active brand that was probably meant by one that nobody knows.
    pub fn suggested_brand(&self, sent: &str) -> Option<&str> {
        let active = self.brands.iter().filter(|b| b.active);
        label::did_you_mean(sent, active.map(|b| b.label.as_str()))
    }

    /// The active language that was probably meant by one that nobody knows. A tag that begins as a
    /// language does means that language and no other, however few letters apart: `es-US` is Spanish.
    pub fn suggested_language(&self, sent: &str) -> Option<&str> {
        let sent = label::fold(sent);
        // The region of the United Kingdom is GB, and many write UK.
        let british = sent.strip_suffix("-uk").map(|tag| format!("{tag}-gb"));
        let sent = british.as_deref().unwrap_or(&sent);
        let is_same = |tag: &str| language::primary(tag) == language::primary(sent);
        let is_language = language::COMMON.iter().any(|(tag, _)| is_same(tag))
            || self.languages.iter().any(|l| is_same(&l.folded));
        let active = self.languages.iter().filter(|l| l.active);
        let meant = active.filter(|l| is_same(&l.folded) || !is_language);
        label::did_you_mean(sent, meant.map(|l| l.label.as_str()))
    }
}

/// What has this label. Most senders write it as it is configured; only for the others is it folded,
/// which allocates.
fn labelled<'s, T>(items: &'s [T], sent: &str, names: fn(&T) -> (&str, &str)) -> Option<&'s T> {
    let as_configured = items.iter().find(|item| names(item).0 == sent);
    as_configured.or_else(|| {
        let sent = label::fold(sent);
        items.iter().find(|item| names(item).1 == sent)
    })
}

/// What has this alias. It is asked last: an alias never takes the place of a label, and it means a
/// label, never another alias.
fn aliased<'s, T>(items: &'s [T], sent: &str, aliases: fn(&T) -> &[String]) -> Option<&'s T> {
    if items.iter().all(|item| aliases(item).is_empty()) {
        return None;
    }
    let sent = label::fold(sent);
    let mut items = items.iter();
    items.find(|item| aliases(item).iter().any(|alias| *alias == sent))
}

/// Where an employee's profile stands. Only an active one may be asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileStatus {
    /// Complete and approved.
    #[default]
    Active,
    /// Complete, waiting for an admin's approval.
    PendingReview,
    /// The employee confirmed the invitation; the profile is not complete yet.
    Confirmed,
    /// An admin looked at the profile and did not approve it.
    Unapproved,
    /// Left, or switched off.
    Deactivated,
}

impl ProfileStatus {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::PendingReview,
        Self::Confirmed,
        Self::Unapproved,
        Self::Deactivated,
    ];

    /// Whether the profile waits to be completed or approved.
    pub fn is_not_complete(self) -> bool {
        match self {
            Self::Active | Self::Deactivated => false,
            Self::PendingReview | Self::Confirmed | Self::Unapproved => true,
        }
    }

    /// The word in addresses and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PendingReview => "pending-review",
            Self::Confirmed => "confirmed",
            Self::Unapproved => "unapproved",
            Self::Deactivated => "deactivated",
        }
    }

    /// The words on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::PendingReview => "Pending Review",
            Self::Confirmed => "Confirmed",
            Self::Unapproved => "Unapproved",
            Self::Deactivated => "Deactivated",
        }
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::PendingReview => 2,
            Self::Confirmed => 3,
            Self::Unapproved => 4,
            Self::Deactivated => 5,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.number() == number)
    }
}

/// One employee as the store has it, before it is packed into [`Employees`].
#[derive(Debug, Clone)]
pub struct Employee {
    /// The row's id.
    pub id: i64,
    /// The e-mail, if there is one.
    pub email: Option<String>,
    /// The company's own id, if there is one.
    pub custom_id: Option<String>,
    /// Where the profile stands.
    pub status: ProfileStatus,
}

/// An employee found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmployeeMatch {
    /// The row's id.
    pub id: i64,
    /// Where the profile stands.
    pub status: ProfileStatus,
}

/// All employees of a company, packed: every text in one string, and two lists to search it by. About
/// 90 bytes each, where maps of strings take 300.
#[derive(Debug, Clone, Default)]
pub struct Employees {
    text: Box<str>,
    rows: Box<[Row]>,
    by_email: Box<[Entry]>,
    by_custom_id: Box<[Entry]>,
}

/// An entry of a list, sorted by hash. Comparing the texts themselves would jump to another place in
/// memory for each of a dozen steps; of many companies none of it is in the processor's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u32,
    row: u32,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    id: i64,
    email: Span,
    custom_id: Span,
    status: ProfileStatus,
}

/// A piece of `Employees::text`; empty where there is nothing.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start as usize..(self.start + self.len) as usize]
    }
}

fn hash(text: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish() as u32
}

impl Employees {
    /// Packs the employees of one company.
    pub fn new(employees: impl IntoIterator<Item = Employee>) -> Self {
        let mut text = String::new();
        let mut append = |piece: &str| {
            let start = text.len() as u32;
            text.push_str(piece);
            let len = piece.len() as u32;
            Span { start, len }
        };
        let rows: Box<[Row]> = employees
            .into_iter()
            .map(|e| Row {
                id: e.id,
                email: append(&email::fold(e.email.as_deref().unwrap_or_default())),
                custom_id: append(e.custom_id.as_deref().unwrap_or_default().trim()),
                status: e.status,
            })
            .collect();
        let list_of = |span: fn(&Row) -> Span| -> Box<[Entry]> {
            let rows = rows.iter().map(span).zip(0..);
            let mut entries: Vec<Entry> = rows
                .filter(|(span, _)| span.len > 0)
                .map(|(span, row)| Entry {
                    hash: hash(span.of(&text)),
                    row,
                })
                .collect();
            entries.sort_unstable();
            entries.into()
        };
        Self {
            by_email: list_of(|row| row.email),
            by_custom_id: list_of(|row| row.custom_id),
            rows,
            text: text.into(),
        }
    }

    /// Who has this e-mail, regardless of case and surrounding space.
    pub fn by_email(&self, sent: &str) -> Option<EmployeeMatch> {
        self.search(&self.by_email, |row| row.email, &email::fold(sent))
    }

    /// Who has this custom id, exactly but for surrounding space.
    pub fn by_custom_id(&self, sent: &str) -> Option<EmployeeMatch> {
        self.search(&self.by_custom_id, |row| row.custom_id, sent.trim())
    }

    fn search(&self, list: &[Entry], span: fn(&Row) -> Span, key: &str) -> Option<EmployeeMatch> {
        let hash = hash(key);
        let first = list.partition_point(|entry| entry.hash < hash);
        let same = list[first..].iter().take_while(|entry| entry.hash == hash);
        let mut rows = same.map(|entry| self.rows[entry.row as usize]);
        let found = rows.find(|row| span(row).of(&self.text) == key)?;
        Some(EmployeeMatch {
            id: found.id,
            status: found.status,
        })
    }

    /// Everybody: id, e-mail in the form compared, custom id (either may be empty), status.
    pub(super) fn names(&self) -> impl Iterator<Item = (i64, &str, &str, ProfileStatus)> {
        let text = &self.text;
        let rows = self.rows.iter();
        rows.map(move |row| {
            (
                row.id,
                row.email.of(text),
                row.custom_id.of(text),
                row.status,
            )
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What they weigh in memory, in bytes.
    pub fn weight(&self) -> usize {
        self.text.len() + self.rows.len() * (size_of::<Row>() + 2 * size_of::<Entry>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn employee(id: i64, email: Option<&str>, custom_id: Option<&str>) -> Employee {
        Employee {
            id,
            email: email.map(str::to_owned),
            custom_id: custom_id.map(str::to_owned),
            status: ProfileStatus::Active,
        }
    }

    #[test]
    fn employees_are_found_by_either_name() {
        let employees = Employees::new([
            employee(1, Some("Zoe@acme.example"), Some("A-9")),
            employee(2, None, Some("a-9")),
            employee(3, Some("ada@acme.example"), None),
        ]);
        let id = |found: Option<EmployeeMatch>| found.map(|e| e.id);
        assert_eq!(id(employees.by_email(" zoe@ACME.example")), Some(1));
        assert_eq!(id(employees.by_custom_id("A-9 ")), Some(1));
        assert_eq!(id(employees.by_custom_id("a-9")), Some(2));
        assert_eq!(id(employees.by_email("ada@acme.example")), Some(3));
        assert_eq!(id(employees.by_email("")), None);
        assert_eq!(id(employees.by_custom_id("nobody")), None);
    }

    #[test]
    fn a_language_is_suggested_for_its_regions_and_no_other() {
        let settings = |tags: &[&str]| CompanySettings {
            languages: tags.iter().map(|tag| Language::new(tag, true)).collect(),
            ..CompanySettings::default()
        };
        let both = settings(&["en-US", "es"]);
        assert_eq!(both.suggested_language("es-US"), Some("es"));
        assert_eq!(both.suggested_language("EN"), Some("en-US"));
        assert_eq!(both.suggested_language("em-US"), Some("en-US"));
        assert_eq!(both.suggested_language("de-US"), None);
        let english = settings(&["en", "en-GB"]);
        assert_eq!(english.suggested_language("en-US"), Some("en"));
        assert_eq!(english.suggested_language("en_uk"), Some("en-GB"));
        assert_eq!(english.suggested_language("uk"), None);
    }
}
