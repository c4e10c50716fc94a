//! The mails about an alert: plain text that is read at three in the morning, the answer first.
//! Nothing of a customer is in them, for no finding holds any.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Alerts;
use crate::domain::alert::{self, Alert, CLOSES_AT, Event, LEAST_REQUESTS, OPENS_ABOVE};
use crate::domain::company::CompanyId;
use crate::domain::cube::Rate;
use crate::domain::filter::{Filter, Subject, Term};
use crate::domain::paging::Shown;
use crate::domain::request::Environment;
use crate::domain::window::Range;
use crate::mail::{IN_THE_BACKGROUND, Letter, NotSent, one_line};
use crate::store::alerts::{self as rows, Claimed};
use crate::store::causes::{self, Cause};
use crate::store::requests::{Selection, Tab};
use crate::store::{StoreError, companies};
use crate::web::format::{self, Moment, counted, number};

/// So many causes are named.
const NAMED_CAUSES: usize = 3;

/// The longest value of a cause in a mail, in characters.
const MAX_VALUE_CHARS: usize = 100;

/// Where the causes are seen.
const CAUSES: &str = "/settings/integrations/api-status/invalid-requests/causes";

/// Where it is said who is told.
const WHO_IS_TOLD: &str = "/settings/integrations#mail";

/// What is told.
struct Facts {
    company: String,
    zone: Tz,
    alert: Alert,
    /// The most frequent first.
    causes: Vec<Cause>,
    /// How many there are in all.
    all_causes: i64,
}

impl Alerts {
    /// Writes a mail and sends it.
    pub(super) async fn send(
        &self,
        company: CompanyId,
        mail: &Claimed,
    ) -> Result<Result<(), NotSent>, StoreError> {
        let Some(facts) = self.facts(company, mail.opened_at).await? else {
            return Ok(Err(NotSent::TooLate));
        };
        let (subject, text) = facts.write(mail.event(), &|path| self.public_url.join(path));
        let letter = Letter {
            to: mail.address.clone(),
            subject,
            text,
            id: format!(
                "alert-{company}-{}-{}",
                mail.opened_at.timestamp_micros(),
                mail.event().number()
            ),
            at: self.clock.now(),
        };
        Ok(self.mailer.send(letter, IN_THE_BACKGROUND).await)
    }

    /// What the store tells of an alert; the causes are those of the hour before it opened.
    async fn facts(
        &self,
        company: CompanyId,
        opened_at: DateTime<Utc>,
    ) -> Result<Option<Facts>, StoreError> {
        let now = self.clock.now();
        let snapshot = self.settings.snapshot(&self.store, company).await?;
        let facts = self.store.read(company, move |connection| {
            let Some(alert) = rows::find(connection, company, opened_at)? else {
                return Ok(None);
            };
            let row = companies::find(connection, company)?;
            let selection = Selection {
                tab: Tab::Invalid,
                window: hour_before(opened_at).at(now),
                now,
                filter: &of_production(),
                settings: &snapshot.rules,
            };
            let first = Shown::default();
            let causes = causes::causes(connection, company, &selection, first, opened_at)?;
            Ok(Some(Facts {
                company: one_line(&row.name),
                zone: row.zone(),
                alert,
                causes: causes.causes,
                all_causes: causes.total,
            }))
        });
        facts.await
    }
}

/// The hour that was judged at a moment.
fn hour_before(at: DateTime<Utc>) -> Range {
    Range::Between(alert::hour(at).from, at)
}

fn of_production() -> Filter {
    Filter::default().with(Term::wanted(Subject::Environment(Environment::Production)))
}

impl Facts {
    /// The subject and the text.
    fn write(&self, event: Event, link: &dyn Fn(&str) -> String) -> (String, String) {
        let told = match (event, self.alert.closed) {
            (Event::Closed, Some((at, rate))) => self.closed(at, rate, link),
            _ => self.opened(link),
        };
        let (subject, text) = told;
        let company = &self.company;
        let foot = format!(
            "The alert opens when more than {OPENS_ABOVE} % of a rolling hour's production requests \
             fail, of at least {LEAST_REQUESTS}, and closes at {CLOSES_AT} %. Test requests do not \
             count. You are told because your address is one of {company}'s API error alert \
             e-mails; an admin changes that here:\n{}\n",
            link(WHO_IS_TOLD)
        );
        (
            format!("[{company}] {subject}"),
            format!("{text}\n-- \n{foot}"),
        )
    }

    fn opened(&self, link: &dyn Fn(&str) -> String) -> (String, String) {
        let Alert {
            opened_at, opened, ..
        } = self.alert;
        let top = self
            .causes
            .first()
            .map_or_else(String::new, |cause| format!(", most with {}", name(cause)));
        let mut text = format!(
            "{} of production requests failed{top}, {}: {} of {}.\n",
            percent(opened),
            self.between(alert::hour(opened_at).from, opened_at),
            number(opened.failed),
            number(opened.total),
        );
        if !self.causes.is_empty() {
            text += "\nThe causes, most frequent first:\n";
        }
        for cause in self.causes.iter().take(NAMED_CAUSES) {
            text += &format!(
                "\n* {}: {}\n  {}\n  {}\n",
                name(cause),
                counted(cause.count, "request"),
                cause.id.reason.sentence(),
                cause.id.reason.next_step()
            );
        }
        let more = self.all_causes - NAMED_CAUSES as i64;
        if more > 0 {
            text += &format!("\nAnd {}.\n", counted(more, "more cause"));
        }
        let causes = causes_in(hour_before(opened_at));
        text += &format!("\nSee them, and end them:\n{}\n", link(&causes));
        (
            format!("{} of production requests fail", percent(opened)),
            text,
        )
    }

    fn closed(
        &self,
        at: DateTime<Utc>,
        rate: Rate,
        link: &dyn Fn(&str) -> String,
    ) -> (String, String) {
        let opened_at = self.alert.opened_at;
        let hour = self.between(alert::hour(at).from, at);
        let now = match rate.total {
            0 => format!("no production request came {hour}"),
            _ => format!(
                "{} of production requests failed {hour}: {} of {}",
                percent(rate),
                number(rate.failed),
                number(rate.total)
            ),
        };
        let open_for = match (at - opened_at).num_minutes() {
            minutes @ ..120 => counted(minutes.max(1), "minute"),
            minutes => counted(minutes / 60, "hour"),
        };
        let since = Moment::new(opened_at, self.zone).day_and_minute();
        let causes = causes_in(Range::Between(alert::hour(opened_at).from, at));
        let text = format!(
            "The alert is over: {now}.\n\nIt opened on {since}, at {}, and was open for {open_for}.\n\n\
             What failed from then on:\n{}\n",
            percent(self.alert.opened),
            link(&causes)
        );
        (format!("Alert over: {}", subject_of_now(rate)), text)
    }

    /// `between 09:40 and 10:41 (Toronto)`.
    fn between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let time = |at| Moment::new(at, self.zone).minute();
        let city = format::city(self.zone);
        format!("between {} and {} ({city})", time(from), time(to))
    }
}

/// The page of the causes, with its time fixed: it shows the same tomorrow.
fn causes_in(range: Range) -> String {
    let parameters = of_production().with_range(range).to_parameters();
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{CAUSES}?{query}")
}

fn subject_of_now(rate: Rate) -> String {
    match rate.total {
        0 => "no production requests".to_owned(),
        _ => format!("{} of production requests fail", percent(rate)),
    }
}

/// `Invalid/inactive brand signifier, larkspur-outlet`.
fn name(cause: &Cause) -> String {
    let title = cause.id.reason.code().title();
    match &cause.id.value {
        Some(value) => {
            let value: String = one_line(value).chars().take(MAX_VALUE_CHARS).collect();
            format!("{title}, {value}")
        }
        None => title.to_owned(),
    }
}

/// With a plain space: not every mail program knows the other.
fn percent(rate: Rate) -> String {
    format::percent(rate.failed, rate.total).replace('\u{a0}', " ")
}
