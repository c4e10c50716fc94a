//! The five sides of a request, each as it came out, with what was sent beside what is allowed.

use super::row::{reasons, tone, value};
use crate::domain::dictionary::Reason;
use crate::domain::label;
use crate::domain::request::{Environment, Kind};
use crate::domain::settings::CompanySettings;
use crate::domain::validate::{Aspect, Outcome};
use crate::store::requests::ListRow;
use crate::web::format::Breakable;

/// A side of the request and how it came out.
pub(super) struct Check {
    pub(super) title: &'static str,
    pub(super) outcome: Outcome,
    pub(super) tone: &'static str,
    pub(super) sent: Option<Breakable>,
    /// The label that an alias read it as.
    pub(super) read_as: Option<String>,
    /// What is said where there is no value.
    pub(super) absent: &'static str,
    pub(super) allowed: Allowed,
}

/// What would be accepted now.
pub(super) enum Allowed {
    /// A rule in words.
    Words(&'static str),
    /// One of these.
    Labels(Vec<String>),
}

impl Check {
    /// Every side of a request, in rule order.
    pub(super) fn of_all(kind: Kind, row: &ListRow, settings: &CompanySettings) -> Vec<Self> {
        let check = |aspect| Self::new(aspect, kind, row, settings);
        Aspect::ALL.map(check).into()
    }

    fn new(aspect: Aspect, kind: Kind, row: &ListRow, settings: &CompanySettings) -> Self {
        let told = reasons(row).map(|(reason, finding)| (reason, finding.pointer.as_str()));
        let outcome = aspect.outcome(kind, told);
        let failed = reasons(row).find(|(reason, _)| Aspect::of(reason.code()) == Some(aspect));
        let customer = row.customer_email.as_ref().or(row.customer_name.as_ref());
        let (sent, found) = match aspect {
            Aspect::Employee => (row.employee_sent.as_ref(), None),
            Aspect::Customer => (customer, None),
            Aspect::Channel => (row.channel_sent.as_ref(), row.channel.as_ref()),
            Aspect::Brand => (row.brand_sent.as_ref(), row.brand.as_ref()),
            Aspect::Language => (row.language_sent.as_ref(), row.language.as_ref()),
        };
        // A side of several fields failed for one of them.
        let sent = match failed {
            Some((reason, finding)) => value(row, reason, finding),
            None => sent.map(String::as_str),
        };
        let reason = failed.map(|(reason, _)| reason);
        let by_alias = sent.zip(found).filter(|(s, f)| label::is_by_alias(s, f));
        Self {
            title: aspect.title(),
            outcome,
            tone: reason.map_or("", |reason| tone(reason.ended_by())),
            sent: sent.map(Breakable::new),
            read_as: by_alias.map(|(_, found)| found.clone()),
            absent: match (aspect, outcome) {
                _ if reason == Some(Reason::CustomerEmailMissing) => "not sent",
                (Aspect::Customer, _) if !row.has_document => "deleted",
                (Aspect::Channel, _) if is_missing(row, "/channel") => "not sent",
                // It is there in a shape that says nothing.
                (_, Outcome::NotChecked) if kind == Kind::Feedback => "not readable",
                _ => "not sent",
            },
            allowed: match kind == Kind::Recovery && aspect != Aspect::Employee {
                true => Allowed::Words("not a part of a recovery"),
                false => allowed(aspect, reason, row, settings),
            },
        }
    }

    /// All of them in a line.
    pub(super) fn caption(checks: &[Self]) -> String {
        let count = |outcome| checks.iter().filter(|c| c.outcome == outcome).count();
        format!(
            "Five checks: {} passed, {} failed, {} not checked",
            count(Outcome::Passed),
            count(Outcome::Failed),
            count(Outcome::NotChecked)
        )
    }
}

/// Whether the body was read and the field at `pointer` was not in it.
fn is_missing(row: &ListRow, pointer: &str) -> bool {
    reasons(row).any(|(reason, at)| reason == Reason::Missing && at.pointer == pointer)
}

/// What an aspect allows; where it failed, by the rule that it failed.
fn allowed(
    aspect: Aspect,
    failed: Option<Reason>,
    row: &ListRow,
    settings: &CompanySettings,
) -> Allowed {
    let is_production = row.environment == Environment::Production.number();
    let labels = |labels: Vec<String>| match labels.is_empty() {
        true => Allowed::Words("none"),
        false => Allowed::Labels(labels),
    };
    match aspect {
        Aspect::Employee => Allowed::Words("the e-mail or custom id of an active employee"),
        Aspect::Customer if failed == Some(Reason::CustomerNameFormat) => Allowed::Words(
            "a name of 1 to 255 characters, without < or >, control characters or a web address",
        ),
        Aspect::Customer => Allowed::Words("one well-formed e-mail; a name is optional"),
        Aspect::Channel => {
            let open = settings.channels.iter();
            let open = open.filter(|c| c.enabled && (c.integrated || !is_production));
            labels(open.map(|c| c.label.clone()).collect())
        }
        Aspect::Brand => {
            let active = settings.brands.iter().filter(|b| b.active);
            labels(active.map(|b| b.label.clone()).collect())
        }
        Aspect::Language => {
            let active = settings.languages.iter().filter(|l| l.active);
            labels(active.map(|l| l.label.clone()).collect())
        }
    }
}
