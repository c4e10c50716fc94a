//! What a change would do, from the traffic of the last seven days.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::Settings;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::Reason;
use crate::domain::effect::{Effect, Share};
use crate::domain::settings::CompanySettings;
use crate::domain::window::{Preset, Range};
use crate::error::PageError;
use crate::store::aliases::{self, AliasRow};
use crate::store::api_keys::{self, KeyRow};
use crate::store::counts;
use crate::store::labels::LabelKind;
use crate::store::requests::{self, Cause};
use crate::web::confirm::Notice;
use crate::web::format::{counted, number};

const DAYS: i64 = 7;

const WEEK: &str = "From the requests of the last seven days.";

const NEWEST: &str = "From the newest 20,000 requests.";

/// A change and the keys that it concerns.
pub(super) struct Told {
    effect: Effect,
    keys: Vec<KeyRow>,
    source: &'static str,
}

/// What `change` of channels, brands or languages would do.
pub(super) async fn of_labels(
    settings: &Settings,
    company: CompanyId,
    change: impl FnOnce(&mut CompanySettings),
) -> Result<Told, PageError> {
    let snapshot = settings.live.snapshot(&settings.store, company).await?;
    // Employees do not matter here, and a company may have very many.
    let now = CompanySettings {
        version: snapshot.rules.version,
        channels: snapshot.rules.channels.clone(),
        brands: snapshot.rules.brands.clone(),
        languages: snapshot.rules.languages.clone(),
        ..CompanySettings::default()
    };
    let mut then = now.clone();
    change(&mut then);
    let window = Range::Last(Preset::Week).at(settings.clock.now());
    let (cube, keys) = settings
        .store
        .read(company, move |connection| {
            let cube = counts::cube(connection, company, window)?;
            Ok((cube, api_keys::of_company(connection, company)?))
        })
        .await?;
    Ok(Told {
        effect: Effect::tell(&cube, &now, &then),
        keys,
        source: WEEK,
    })
}

/// Requests that failed for this reason alone, as far as `is_meant`.
pub(super) async fn of_findings(
    settings: &Settings,
    company: CompanyId,
    reason: Reason,
    is_meant: impl Fn(&Cause) -> bool,
) -> Result<Told, PageError> {
    let since = settings.clock.now() - TimeDelta::days(DAYS);
    let (causes, keys) = settings
        .store
        .read(company, move |connection| {
            let causes = requests::causes(connection, company, reason, since)?;
            Ok((causes, api_keys::of_company(connection, company)?))
        })
        .await?;
    let mut effect = Effect::default();
    for cause in causes.iter().filter(|c| c.alone && is_meant(c)) {
        effect.unblocked.add(cause.key_id, cause.count);
    }
    Ok(Told {
        effect,
        keys,
        source: WEEK,
    })
}

/// What the end of an alias would refuse: what it reads is not told apart by the counters.
pub(super) async fn of_alias(
    settings: &Settings,
    company: CompanyId,
    kind: LabelKind,
    alias: AliasRow,
) -> Result<Told, PageError> {
    let week = TimeDelta::days(DAYS);
    let now = settings.clock.now();
    let (reads, keys) = settings
        .store
        .read(company, move |connection| {
            let reads = aliases::reads(connection, company, kind, &alias, now - week)?;
            Ok((reads, api_keys::of_company(connection, company)?))
        })
        .await?;
    let span = reads.cut_at.map_or(week, |first| now - first);
    let a_week = |count: i64| {
        let share = week.num_milliseconds() as f64 / span.num_milliseconds().max(1) as f64;
        (count as f64 * share).round() as i64
    };
    let mut effect = Effect::default();
    for (key_id, count) in reads.by_key {
        effect.refused.add(key_id, a_week(count));
    }
    Ok(Told {
        effect,
        keys,
        source: match reads.cut_at {
            Some(_) => NEWEST,
            None => WEEK,
        },
    })
}

/// What was accepted with one key.
pub(super) async fn of_key(
    settings: &Settings,
    company: CompanyId,
    key_id: i64,
) -> Result<i64, PageError> {
    let window = Range::Last(Preset::Week).at(settings.clock.now());
    let cube = settings
        .store
        .read(company, move |connection| {
            counts::cube(connection, company, window)
        })
        .await?;
    Ok(cube.count(|cell| cell.key_id == key_id))
}

impl Told {
    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        let unblocked = other.effect.unblocked;
        self.effect.unblocked.requests += unblocked.requests;
        self.effect.unblocked.keys.extend(unblocked.keys);
        self
    }

    /// What to say before it is saved.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let Effect { refused, unblocked } = &self.effect;
        let mut notices = Vec::new();
        if refused.requests > 0 {
            let strong = format!("This would refuse {}", a_day(refused.requests));
            notices.push(self.notice("sender", "warning", strong, refused));
        }
        if unblocked.requests > 0 {
            let strong = format!("This unblocks {}", a_day(unblocked.requests));
            notices.push(self.notice("good", "check", strong, unblocked));
        }
        if notices.is_empty() {
            notices.push(Notice::info(
                "No request of the last seven days would have come out otherwise.",
            ));
        }
        notices
    }

    fn notice(
        &self,
        tone: &'static str,
        icon: &'static str,
        strong: String,
        share: &Share,
    ) -> Notice {
        Notice {
            tone,
            icon,
            strong,
            words: format!("from {}.", self.key_names(&share.keys)),
            source: Some(self.source),
        }
    }

    fn key_names(&self, ids: &BTreeSet<i64>) -> String {
        let known = self.keys.iter().filter(|key| ids.contains(&key.id));
        let names: Vec<String> = known.map(KeyRow::title).collect();
        format!("{}: {}", counted(ids.len() as i64, "key"), names.join(", "))
    }
}

/// `310 a day`, or how many there were where that is less than one.
pub(super) fn rate(requests: i64) -> String {
    match requests {
        0 => "none".to_owned(),
        requests if requests < DAYS => format!("{requests} a week"),
        requests => format!("{} a day", number((requests + DAYS / 2) / DAYS)),
    }
}

/// `about 310 requests a day`, or what there was where that is less than one.
pub(super) fn a_day(requests: i64) -> String {
    match (requests + DAYS / 2) / DAYS {
        0 => format!("{} in seven days", counted(requests, "request")),
        1 => "about 1 request a day".to_owned(),
        a_day => format!("about {} requests a day", number(a_day)),
    }
}
