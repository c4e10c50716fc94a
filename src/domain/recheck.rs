//! Would a stored request pass now? The rules asked once more, by today's settings and without side
//! effects, about what is still there of it: its body, else the facts that outlive it.

use std::borrow::Cow;

use super::body::{Body, Given};
use super::dictionary::{ErrorCode, Reason};
use super::request::{Environment, Kind};
use super::settings::CompanySettings;
use super::validate::{Finding, validate};

/// A stored request, as far as it is still there.
#[derive(Debug, Clone)]
pub struct Stored<'a> {
    /// What it asked for.
    pub kind: Kind,
    /// The environment of its key.
    pub environment: Environment,
    /// Its body; `None` when it was deleted with the customer's data.
    pub body: Option<&'a [u8]>,
    /// What of it is kept longer.
    pub facts: Facts<'a>,
    /// What was wrong with it when it was received, in rule order.
    pub then: Vec<Finding>,
}

/// What a request named, as sent: all that the rules read but the customer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The employee's e-mail, else the custom id.
    pub employee: Option<&'a str>,
    /// The custom id, where an e-mail was sent as well.
    pub employee_custom_id: Option<&'a str>,
    /// The channel.
    pub channel: Option<&'a str>,
    /// The brand.
    pub brand: Option<&'a str>,
    /// The language.
    pub language: Option<&'a str>,
}

/// What the rules say of a stored request now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// In a word.
    pub now: Now,
    /// Whether its body is gone, so that the customer was not checked.
    pub as_far_as_known: bool,
    /// What would be wrong with it, in rule order.
    pub findings: Vec<Finding>,
}

/// How a stored request would come out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// It would be accepted.
    Passes,
    /// It would be refused, for nothing that it was not refused for then.
    Same,
    /// It would be refused for a reason that it did not have then.
    Different,
}

impl Now {
    /// All, the best first.
    pub const ALL: [Self; 3] = [Self::Passes, Self::Same, Self::Different];

    /// The words on the chip of a request that was accepted then, or was not.
    pub fn title(self, was_accepted: bool) -> &'static str {
        match self {
            Self::Passes => "would pass now",
            Self::Same => "still fails: same reason",
            Self::Different if was_accepted => "would be refused now",
            Self::Different => "fails for another reason",
        }
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Passes => 1,
            Self::Same => 2,
            Self::Different => 3,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|now| now.number() == number)
    }
}

impl Recheck {
    /// The errors that it would have, see [`ErrorCode::bit`].
    pub fn error_mask(&self) -> i16 {
        self.findings.iter().fold(0, |m, f| m | f.code().bit())
    }
}

/// Judges a stored request by `settings`.
pub fn recheck(stored: &Stored<'_>, settings: &CompanySettings) -> Recheck {
    if stored.was_unreadable() {
        // How it arrived cannot be judged once more, and no setting ends it.
        return Recheck {
            now: Now::Same,
            as_far_as_known: false,
            findings: stored.then.clone(),
        };
    }
    let body = match stored.body {
        Some(bytes) => Body::parse(stored.kind, bytes),
        None => stored.remembered(),
    };
    let mut findings = validate(stored.kind, &body, settings, stored.environment).findings;
    if stored.body.is_none() {
        stored.keep_what_no_setting_ends(&mut findings);
    }
    let is_known = |finding: &Finding| stored.then.iter().any(|f| f.reason == finding.reason);
    Recheck {
        now: match &findings[..] {
            [] => Now::Passes,
            findings if findings.iter().all(is_known) => Now::Same,
            _ => Now::Different,
        },
        as_far_as_known: stored.body.is_none(),
        findings,
    }
}

impl Stored<'_> {
    /// Whether no rule could be applied to it even then.
    fn was_unreadable(&self) -> bool {
        let mut reasons = self.then.iter().map(|finding| finding.reason);
        reasons.any(|reason| matches!(reason, Reason::NotJson | Reason::TooLarge))
    }

    /// The body as far as the facts tell. What was malformed is so still; the customer is broken,
    /// which leaves it unchecked.
    fn remembered(&self) -> Body<'_> {
        let is_malformed = |f: &&Finding| f.code() == ErrorCode::MalformedRequest;
        let malformed: Vec<Finding> = self.then.iter().filter(is_malformed).cloned().collect();
        let field = |sent: Option<&'_ str>, pointer: &str| match sent {
            Some(sent) => Given::Value(Cow::Owned(sent.to_owned())),
            None if is_broken(&malformed, pointer) => Given::Broken,
            None => Given::Absent,
        };
        let (email, custom_id) = self.facts.employee_names(&self.then);
        let mut body = Body::nothing_sent();
        body.employee_email = field(email, "/employee/email");
        body.employee_custom_id = field(custom_id, "/employee/custom_id");
        body.customer_email = Given::Broken;
        body.channel = field(self.facts.channel, "/channel");
        body.brand = field(self.facts.brand, "/brand");
        body.language = field(self.facts.language, "/language");
        body.malformed = malformed;
        body
    }

    /// Adds the customer's fault of then, in its place: whether an address is well-formed depends on
    /// no setting.
    fn keep_what_no_setting_ends(&self, findings: &mut Vec<Finding>) {
        let mut then = self.then.iter();
        let customer = then.find(|finding| finding.code() == ErrorCode::InvalidCustomer);
        if let Some(customer) = customer {
            let comes_before = |f: &Finding| {
                f.code() == ErrorCode::MalformedRequest || f.code() < ErrorCode::InvalidCustomer
            };
            let place = findings.partition_point(comes_before);
            findings.insert(place, customer.clone());
        }
    }
}

impl<'a> Facts<'a> {
    /// The e-mail and the custom id. Where only one is kept, what was found wrong with it tells which
    /// it is, and else whether it looks like an e-mail.
    fn employee_names(self, then: &[Finding]) -> (Option<&'a str>, Option<&'a str>) {
        if self.employee_custom_id.is_some() {
            return (self.employee, self.employee_custom_id);
        }
        let was_wrong_with = |pointer| then.iter().any(|finding| finding.pointer == pointer);
        let is_email = match self.employee {
            _ if was_wrong_with("/employee/email") => true,
            _ if was_wrong_with("/employee/custom_id") => false,
            sent => sent.is_some_and(|sent| sent.contains('@')),
        };
        match is_email {
            true => (self.employee, None),
            false => (None, self.employee),
        }
    }
}

/// Whether the field at `pointer`, or the object that holds it, could not be read.
fn is_broken(malformed: &[Finding], pointer: &str) -> bool {
    malformed.iter().any(|finding| {
        let bad = &*finding.pointer;
        let holds = |rest: &str| rest.is_empty() || rest.starts_with('/');
        finding.reason == Reason::WrongType && pointer.strip_prefix(bad).is_some_and(holds)
    })
}
