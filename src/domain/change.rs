//! A change of the settings as the audit log has it: in words, "switched off larkspur-outlet", and its
//! place there.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value;

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

/// What was done, to follow the name of who did it.
pub fn words(action: &str, subject: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    let (noun, verb) = action.split_once('.').unwrap_or(("", action));
    let switch = ["brand", "channel", "language"].contains(&noun);
    let integrated = |value: Option<&Value>| value?.get("integrated")?.as_bool();
    if noun == "alias" {
        let target = before.or(after).and_then(|v| v.get("read_as")?.as_str());
        let did = match verb {
            "created" => "began",
            _ => "stopped",
        };
        return format!(
            "{did} treating {subject} as {}",
            target.unwrap_or("another")
        );
    }
    let did = match (verb, integrated(before), integrated(after)) {
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

fn readable(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
}
