//! A change of the settings as the audit log has it: in words, "switched off larkspur-outlet", what it
//! may have begun, and its place there.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::cause::CauseId;
use super::dictionary::Reason;
use super::{email, label};

/// A place in the log, newest first: what follows it is older than this time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The time.
    pub at: DateTime<Utc>,
    /// The id among those of the time.
    pub id: i64,
}

impl Place {
    /// Where the entry of this time and id is the first that follows.
    pub fn just_before(at: DateTime<Utc>, id: i64) -> Self {
        Self { at, id: id + 1 }
    }
}

/// As an address says it: microseconds and id.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.timestamp_micros(), self.id)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once('-').ok_or(())?;
        let micros = micros.parse().map_err(drop)?;
        let at = DateTime::from_timestamp_micros(micros).ok_or(())?;
        let id = id.parse().map_err(drop)?;
        Ok(Self { at, id })
    }
}

/// A change of the settings, as the audit log has it.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What was done, such as `brand.deactivated`.
    pub action: &'a str,
    /// To what, such as the brand's label.
    pub subject: &'a str,
    /// The values before.
    pub before: Option<&'a Value>,
    /// The values after.
    pub after: Option<&'a Value>,
}

impl Change<'_> {
    /// What was done, to follow the name of who did it.
    pub fn words(&self) -> String {
        let (noun, verb) = self.action.split_once('.').unwrap_or(("", self.action));
        let switch = ["brand", "channel", "language"].contains(&noun);
        let integrated = |value: Option<&Value>| value?.get("integrated")?.as_bool();
        let subject = self.subject;
        if noun == "alias" {
            let target = self.before.or(self.after);
            let target = target.and_then(|v| v.get("read_as")?.as_str());
            let did = match verb {
                "created" => "began",
                _ => "stopped",
            };
            return format!(
                "{did} treating {subject} as {}",
                target.unwrap_or("another")
            );
        }
        let did = match (verb, integrated(self.before), integrated(self.after)) {
            (_, Some(true), Some(false)) => return format!("set {subject} to manual"),
            (_, Some(false), Some(true)) => return format!("set {subject} to integrated"),
            ("deactivated" | "disabled", ..) if switch => "switched off".to_owned(),
            ("activated" | "enabled", ..) if switch => "switched on".to_owned(),
            _ => match noun {
                "" | "employee" | "company" => readable(verb),
                noun => format!("{} {}", readable(verb), readable(noun)),
            },
        };
        match (subject, noun) {
            ("", "company") => format!("{did} the company"),
            ("", _) => did,
            (subject, _) => format!("{did} {subject}"),
        }
    }

    /// Whether failures of this cause may have begun with it: it did, to the very thing they are about,
    /// what they are refused for. Why a request must name a brand or a language no change tells alone,
    /// see [`switches`](Self::switches).
    pub fn may_begin(&self, cause: &CauseId) -> bool {
        let Some(value) = cause.value.as_deref() else {
            return false;
        };
        let is_one_of = |actions: &[&str]| {
            actions.contains(&self.action) && label::fold(self.subject) == label::fold(value)
        };
        let no_alias = |kind| {
            let of_kind = self.before.and_then(|alias| alias.get("kind")?.as_str());
            is_one_of(&["alias.removed"]) && of_kind == Some(kind)
        };
        let has = |profile: Option<&Value>, status: fn(&str) -> bool| {
            let profile = profile.filter(|profile| is_of(profile, value));
            let status_of = profile.and_then(|profile| profile.get("status")?.as_str());
            status_of.is_some_and(status)
        };
        let came_to_have = |status| has(self.after, status) && !has(self.before, status);
        let is_of_file = |names| self.action == "employee.imported" && self.names(names, value);
        match cause.reason {
            Reason::ProfileNotComplete => {
                came_to_have(|status| !["active", "deactivated"].contains(&status))
                    || is_of_file("not_complete")
            }
            Reason::Deactivated => {
                came_to_have(|status| status == "deactivated") || is_of_file("deactivated")
            }
            Reason::EmployeeUnknown => {
                has(self.before, |_| true) && !has(self.after, |_| true)
                    || is_of_file("no_longer_known")
            }
            Reason::ChannelUnknown => no_alias("channel"),
            Reason::ChannelNotEnabled => is_one_of(&["channel.disabled"]),
            // One that was not there, or not enabled, was refused before for that.
            Reason::ChannelManual => is_one_of(&[
                "channel.put_in_manual_mode",
                "channel.enabled",
                "channel.created",
            ]),
            Reason::BrandUnknown => no_alias("brand"),
            Reason::BrandInactive => is_one_of(&["brand.deactivated"]),
            Reason::LanguageUnknown => no_alias("language"),
            Reason::LanguageInactive => is_one_of(&["language.deactivated"]),
            Reason::EmployeeNotSent
            | Reason::CustomerEmailMissing
            | Reason::CustomerEmailFormat
            | Reason::CustomerNameFormat
            | Reason::BrandNotProvided
            | Reason::LanguageNotSpecified
            | Reason::NotJson
            | Reason::TooLarge
            | Reason::WrongType
            | Reason::Missing => false,
        }
    }

    /// Whether this list of the values after holds that name.
    fn names(&self, list: &str, name: &str) -> bool {
        let names = self.after.and_then(|after| after.get(list)?.as_array());
        names.is_some_and(|names| names.iter().any(|one| one == name))
    }

    /// Whether it made one more brand or language active, or one fewer; `None` if neither. They tell
    /// together when there came to be several, so that requests must name one.
    pub fn switches(&self, noun: &str) -> Option<bool> {
        match self.action.strip_prefix(noun)? {
            ".created" | ".activated" => Some(true),
            ".deactivated" => Some(false),
            _ => None,
        }
    }
}

/// Whether a profile is of whom requests name so.
fn is_of(profile: &Value, value: &str) -> bool {
    let text = |name| profile.get(name).and_then(Value::as_str);
    text("email").is_some_and(|address| email::fold(address) == value)
        || text("custom_id") == Some(value)
}

fn readable(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change<'a>(
        action: &'a str,
        subject: &'a str,
        before: Option<&'a Value>,
        after: Option<&'a Value>,
    ) -> Change<'a> {
        Change {
            action,
            subject,
            before,
            after,
        }
    }

    fn words(action: &str, subject: &str, before: Option<&Value>, after: Option<&Value>) -> String {
        change(action, subject, before, after).words()
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place::just_before("2026-11-23T10:41:07.000001Z".parse().unwrap(), 7);
        assert_eq!(place.to_string(), "1795430467000001-8");
        assert_eq!(place.to_string().parse(), Ok(place));
        for other in ["", "8", "1795430467000001-", "x-8"] {
            assert_eq!(other.parse::<Place>(), Err(()), "{other}");
        }
    }

    #[test]
    fn changes_are_said_as_people_say_them() {
        let off = words("brand.deactivated", "outlet", None, None);
        assert_eq!(off, "switched off outlet");
        let left = words("employee.deactivated", "ben@acme.example", None, None);
        assert_eq!(left, "deactivated ben@acme.example");
        let (before, after) = (json!({"integrated": true}), json!({"integrated": false}));
        let manual = words("channel.changed", "phone", Some(&before), Some(&after));
        assert_eq!(manual, "set phone to manual");
        let after = json!({"kind": "channel", "read_as": "phone"});
        let alias = words("alias.created", "voice", None, Some(&after));
        assert_eq!(alias, "began treating voice as phone");
        let alias = words("alias.removed", "voice", Some(&after), None);
        assert_eq!(alias, "stopped treating voice as phone");
        let other = words("api_key.revoked", "Zendesk", None, None);
        assert_eq!(other, "revoked api key Zendesk");
        assert_eq!(
            words("company.changed", "", None, None),
            "changed the company"
        );
    }

    fn cause(reason: Reason, value: &str) -> CauseId {
        CauseId {
            reason,
            value: Some(value.to_owned()),
        }
    }

    #[test]
    fn failures_begin_with_what_was_done_to_the_thing_they_are_about() {
        let outlet = cause(Reason::BrandInactive, "Larkspur-Outlet");
        let begins = |action, subject| change(action, subject, None, None).may_begin(&outlet);
        assert!(begins("brand.deactivated", "larkspur-outlet"));
        for other in ["brand.activated", "brand.created", "channel.disabled"] {
            assert!(!begins(other, "larkspur-outlet"), "{other}");
        }
        assert!(!begins("brand.deactivated", "larkspur"));
        let manual = cause(Reason::ChannelManual, "phone");
        for action in ["channel.put_in_manual_mode", "channel.enabled"] {
            assert!(change(action, "Phone", None, None).may_begin(&manual));
        }
        // A brand of the name of a malformed field.
        let field = cause(Reason::WrongType, "tags");
        assert!(!change("brand.deactivated", "tags", None, None).may_begin(&field));
    }

    #[test]
    fn an_alias_that_is_gone_leaves_a_label_of_its_kind_unknown() {
        let alias = json!({"kind": "channel", "read_as": "phone"});
        let gone = change("alias.removed", "Voice", Some(&alias), None);
        assert!(gone.may_begin(&cause(Reason::ChannelUnknown, "voice")));
        assert!(!gone.may_begin(&cause(Reason::BrandUnknown, "voice")));
    }

    #[test]
    fn an_employee_is_meant_by_e_mail_or_custom_id() {
        let profile = |email: &str, status: &str| json!({"email": email, "custom_id": "L-1", "status": status});
        let (ben, away) = (
            profile("Ben@acme.example", "active"),
            profile("Ben@acme.example", "deactivated"),
        );
        let left = change(
            "employee.deactivated",
            "Ben@acme.example",
            Some(&ben),
            Some(&away),
        );
        for name in ["ben@acme.example", "L-1"] {
            assert!(left.may_begin(&cause(Reason::Deactivated, name)), "{name}");
            assert!(!left.may_begin(&cause(Reason::ProfileNotComplete, name)));
            assert!(!left.may_begin(&cause(Reason::EmployeeUnknown, name)));
        }
        assert!(!left.may_begin(&cause(Reason::Deactivated, "l-1")));
        let renamed = profile("Benjamin@acme.example", "active");
        let renamed = change(
            "employee.changed",
            "Benjamin@acme.example",
            Some(&ben),
            Some(&renamed),
        );
        assert!(renamed.may_begin(&cause(Reason::EmployeeUnknown, "ben@acme.example")));
        assert!(!renamed.may_begin(&cause(Reason::EmployeeUnknown, "L-1")));
        // A file has lists of names, in the form in which they are matched.
        let lists = json!({"changed": 2, "deactivated": ["ben@acme.example", "L-1"], "no_longer_known": ["L-2"]});
        let file = change("employee.imported", "agents.csv", None, Some(&lists));
        assert!(file.may_begin(&cause(Reason::Deactivated, "ben@acme.example")));
        assert!(file.may_begin(&cause(Reason::EmployeeUnknown, "L-2")));
        assert!(!file.may_begin(&cause(Reason::EmployeeUnknown, "L-1")));
        assert!(!file.may_begin(&cause(Reason::ProfileNotComplete, "L-1")));
        assert_eq!(file.words(), "imported agents.csv");
        let new = profile("Ben@acme.example", "pending-review");
        let new = change("employee.created", "Ben@acme.example", None, Some(&new));
        assert!(new.may_begin(&cause(Reason::ProfileNotComplete, "L-1")));
    }
}
