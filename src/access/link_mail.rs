//! The mail that carries a one-time link to the one it is for.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::mail::{Letter, one_line};
use crate::web::format::{self, Moment};

/// A link to be sent. Never log it.
pub struct Link {
    /// The address.
    pub url: String,
    /// Until when it works.
    pub ends_at: DateTime<Utc>,
    /// The zone in which that is said.
    pub zone: Tz,
}

/// Why somebody is sent a link.
#[derive(Debug, Clone, Copy)]
pub enum Occasion<'a> {
    /// They were invited, by this admin.
    Invited(&'a str),
    /// This admin made them a new link.
    MadeBy(&'a str),
    /// Somebody who says to be them forgot the password.
    Forgotten,
}

/// Writes the mail.
pub fn letter(
    occasion: Occasion<'_>,
    email: &str,
    company: &str,
    link: &Link,
    now: DateTime<Utc>,
) -> Letter {
    let company = one_line(company);
    let (subject, why, otherwise) = match occasion {
        Occasion::Invited(by) => (
            format!("Your invitation to {company}"),
            format!(
                "{by} invites you to see which feedback requests of {company} fail, and why.\n\n\
                 Choose a password here, and you are in; from then on you sign in as {email}:"
            ),
            "If you do not know what this is about, do nothing.",
        ),
        Occasion::MadeBy(by) => (
            format!("A new password for {company}"),
            format!("{by} made you a link to choose a new password, as {email} at {company}:"),
            "Until you choose one, the old password works.",
        ),
        Occasion::Forgotten => (
            format!("A new password for {company}"),
            format!(
                "Somebody asked for a new password, as {email} at {company}. If it was you, \
                 choose one here:"
            ),
            "If it was not you, do nothing: the password stays as it is.",
        ),
    };
    let ends = Moment::new(link.ends_at, link.zone).day_and_minute();
    let city = format::city(link.zone);
    let url = &link.url;
    Letter {
        to: email.to_owned(),
        subject,
        text: format!(
            "{why}\n\n{url}\n\nThe link works once, until {ends} ({city}). Whoever has it is let in \
             as you: pass it on to nobody.\n\n{otherwise}\n"
        ),
        id: format!("link-{}", Uuid::new_v4()),
        at: now,
    }
}
