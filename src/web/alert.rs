//! The alert in words, for every page that speaks of it: since when it is open, and who was told.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::format::{Moment, number, percent};
use crate::domain::alert::{Alert, AlertMail, Event};

/// What is said where no mail is sent at all.
pub const SENDS_NO_MAIL: &str = "nobody is told: this installation sends no mail";

/// An alert, open or over.
#[derive(Debug, Clone)]
pub struct AlertWords {
    /// When it opened, such as `10:41 today`.
    pub opened: String,
    /// When it closed; `None` while it is open.
    pub closed: Option<String>,
    /// The rate at which it opened, such as `9.4 % (47 of 500)`.
    pub rate: String,
    /// Who was told that it opened, and what stands in the way: `told ops@acme.example`.
    pub told: String,
}

impl AlertWords {
    /// Puts an alert into words.
    pub fn new(alert: &Alert, sends_mail: bool, zone: Tz, now: DateTime<Utc>) -> Self {
        let when = |at| Moment::new(at, zone).in_words(now);
        let rate = alert.opened;
        Self {
            opened: when(alert.opened_at),
            closed: alert.closed.map(|(at, _)| when(at)),
            rate: format!(
                "{} ({} of {})",
                percent(rate.failed, rate.total),
                number(rate.failed),
                number(rate.total)
            ),
            told: told(alert, sends_mail, &|at| Moment::new(at, zone).minute()),
        }
    }
}

fn told(alert: &Alert, sends_mail: bool, minute: &dyn Fn(DateTime<Utc>) -> String) -> String {
    let mails = alert.mails.iter().filter(|m| m.event == Event::Opened);
    let (sent, others): (Vec<&AlertMail>, Vec<&AlertMail>) =
        mails.partition(|mail| mail.sent_at.is_some());
    let mut parts = Vec::new();
    if !sent.is_empty() {
        parts.push(format!("told {}", names(&sent)));
    }
    let failed = others.iter().find(|mail| mail.problem.is_some());
    match (others.is_empty(), failed) {
        (true, _) if parts.is_empty() => {
            parts.push(match sends_mail {
                true => "nobody is told: no alert e-mail was set when it opened".to_owned(),
                false => SENDS_NO_MAIL.to_owned(),
            });
        }
        (true, _) => {}
        (false, _) if !sends_mail => parts.push(SENDS_NO_MAIL.to_owned()),
        (false, None) => parts.push(format!("telling {}", names(&others))),
        (false, Some(mail)) => {
            let problem = mail.problem.as_deref().unwrap_or_default();
            let next = match mail.due_at {
                Some(at) => format!("tried again at {}", minute(at)),
                None => "given up".to_owned(),
            };
            parts.push(format!("not told {}: {problem}; {next}", names(&others)));
        }
    }
    parts.join(", ")
}

/// The first address, and how many more.
fn names(mails: &[&AlertMail]) -> String {
    match mails {
        [] => String::new(),
        [only] => only.address.clone(),
        [first, others @ ..] => format!("{} and {} more", first.address, others.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cube::Rate;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn mail(
        address: &str,
        is_sent: bool,
        due_at: Option<&str>,
        problem: Option<&str>,
    ) -> AlertMail {
        AlertMail {
            event: Event::Opened,
            address: address.to_owned(),
            due_at: due_at.map(at),
            sent_at: is_sent.then(|| at("2026-11-24T10:41:02Z")),
            problem: problem.map(str::to_owned),
        }
    }

    fn words(mails: Vec<AlertMail>, sends_mail: bool) -> AlertWords {
        let alert = Alert {
            opened_at: at("2026-11-24T10:41:00Z"),
            opened: Rate {
                failed: 47,
                total: 500,
            },
            closed: None,
            mails,
        };
        AlertWords::new(&alert, sends_mail, Tz::UTC, at("2026-11-24T11:00:00Z"))
    }

    #[test]
    fn an_alert_says_since_when_and_who_was_told() {
        let one = words(vec![mail("ops@acme.example", true, None, None)], true);
        assert_eq!(one.opened, "10:41 today");
        assert_eq!(one.rate, "9.4\u{a0}% (47 of 500)");
        assert_eq!(one.told, "told ops@acme.example");
        let sent = |name: &str| mail(name, true, None, None);
        let three = words(
            vec![
                sent("a@acme.example"),
                sent("b@x.example"),
                sent("c@x.example"),
            ],
            true,
        );
        assert_eq!(three.told, "told a@acme.example and 2 more");
    }

    #[test]
    fn who_could_not_be_told_is_said_with_the_reason_and_the_next_attempt() {
        let due = Some("2026-11-24T10:45:00Z");
        let waiting = || mail("b@acme.example", false, due, Some("no answer"));
        let both = words(
            vec![mail("a@acme.example", true, None, None), waiting()],
            true,
        );
        assert_eq!(
            both.told,
            "told a@acme.example, not told b@acme.example: no answer; tried again at 10:45"
        );
        let given_up = words(
            vec![mail("b@acme.example", false, None, Some("no answer"))],
            true,
        );
        assert_eq!(
            given_up.told,
            "not told b@acme.example: no answer; given up"
        );
        let first_try = words(vec![mail("b@acme.example", false, due, None)], true);
        assert_eq!(first_try.told, "telling b@acme.example");
    }

    #[test]
    fn that_nobody_is_told_is_said_plainly() {
        assert_eq!(words(Vec::new(), false).told, SENDS_NO_MAIL);
        let due = Some("2026-11-24T10:41:00Z");
        let waiting = mail("b@acme.example", false, due, None);
        assert_eq!(words(vec![waiting], false).told, SENDS_NO_MAIL);
        assert!(
            words(Vec::new(), true)
                .told
                .contains("no alert e-mail was set")
        );
    }
}
