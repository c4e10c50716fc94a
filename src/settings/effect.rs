//! What a change would do, from the traffic of the last seven days.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Settings;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::Reason;
use crate::domain::effect::{Effect, Share};
use crate::domain::request::Environment;
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

/// What is told from.
#[derive(Clone, Copy)]
struct Source {
    words: &'static str,
    /// What is said where none of it would have come out otherwise.
    none: &'static str,
}

const WEEK: Source = Source {
    words: "From the requests of the last seven days.",
    none: "No request of the last seven days would have come out otherwise.",
};

const NEWEST: Source = Source {
    words: "From the newest 20,000 requests.",
    none: "None of the newest 20,000 requests would have come out otherwise.",
};

const NEWEST_OF_ERROR: Source = Source {
    words: "From the newest 20,000 requests with this error.",
    none: "None of the newest 20,000 requests with this error would have come out otherwise.",
};

/// A change and the keys that it concerns.
pub(super) struct Told {
    effect: Effect,
    keys: Vec<KeyRow>,
    /// What it refuses is told from this, …
    refused_from: Source,
    /// … and what it unblocks from this.
    unblocked_from: Source,
}

/// A count of what came since `cut_at`, where not everything was read, as so much a week.
fn a_week(count: i64, cut_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> i64 {
    let week = TimeDelta::days(DAYS);
    let span = cut_at.map_or(week, |first| now - first);
    let share = week.num_milliseconds() as f64 / span.num_milliseconds().max(1) as f64;
    (count as f64 * share).round() as i64
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
        refused_from: WEEK,
        unblocked_from: WEEK,
    })
}

/// Requests that failed for this reason alone, as far as `is_meant`.
pub(super) async fn of_findings(
    settings: &Settings,
    company: CompanyId,
    reason: Reason,
    is_meant: impl Fn(&Cause) -> bool,
) -> Result<Told, PageError> {
    let now = settings.clock.now();
    let since = now - TimeDelta::days(DAYS);
    let (causes, keys) = settings
        .store
        .read(company, move |connection| {
            let causes = requests::causes(connection, company, reason, since)?;
            Ok((causes, api_keys::of_company(connection, company)?))
        })
        .await?;
    let mut effect = Effect::default();
    for cause in causes.groups.iter().filter(|c| c.alone && is_meant(c)) {
        let count = a_week(cause.count, causes.cut_at, now);
        effect.unblocked.add(cause.key_id, count);
    }
    let source = causes.cut_at.map_or(WEEK, |_| NEWEST_OF_ERROR);
    Ok(Told {
        effect,
        keys,
        refused_from: source,
        unblocked_from: source,
    })
}

/// What the end of an alias would refuse with keys of these environments: what it reads is not told
/// apart by the counters.
pub(super) async fn of_alias(
    settings: &Settings,
    company: CompanyId,
    kind: LabelKind,
    alias: AliasRow,
    environments: &[Environment],
) -> Result<Told, PageError> {
    let now = settings.clock.now();
    let since = now - TimeDelta::days(DAYS);
    let (reads, keys) = settings
        .store
        .read(company, move |connection| {
            let reads = aliases::reads(connection, company, kind, &alias, since)?;
            Ok((reads, api_keys::of_company(connection, company)?))
        })
        .await?;
    let mut effect = Effect::default();
    for (key_id, count) in reads.by_key {
        let key = keys.iter().find(|key| key.id == key_id);
        if key.is_some_and(|key| environments.contains(&key.environment())) {
            effect.refused.add(key_id, a_week(count, reads.cut_at, now));
        }
    }
    let source = reads.cut_at.map_or(WEEK, |_| NEWEST);
    Ok(Told {
        effect,
        keys,
        refused_from: source,
        unblocked_from: source,
    })
}

/// The environments whose requests an alias lets in now: none while it rests or its target is off,
/// and while that is in manual mode those of test keys alone.
pub(super) async fn let_in(
    settings: &Settings,
    company: CompanyId,
    kind: LabelKind,
    alias: &AliasRow,
) -> Result<Vec<Environment>, PageError> {
    let snapshot = settings.live.snapshot(&settings.store, company).await?;
    let (rules, sent) = (&snapshot.rules, alias.label.as_str());
    let lets_in = |environment: &Environment| match kind {
        LabelKind::Channel => rules
            .channel(sent)
            .is_some_and(|c| c.folded != alias.folded && c.enabled && c.takes(*environment)),
        LabelKind::Brand => rules
            .brand(sent)
            .is_some_and(|b| b.folded != alias.folded && b.active),
        LabelKind::Language => rules
            .language(sent)
            .is_some_and(|l| l.folded != alias.folded && l.active),
    };
    Ok(Environment::ALL.into_iter().filter(lets_in).collect())
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
    /// Both together, where the other tells what is unblocked.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.effect.refused.append(other.effect.refused);
        self.effect.unblocked.append(other.effect.unblocked);
        self.unblocked_from = other.unblocked_from;
        self
    }

    /// What to say before it is saved.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let Effect { refused, unblocked } = &self.effect;
        let mut notices = Vec::new();
        if refused.requests > 0 {
            let strong = format!("This would refuse {}", a_day(refused.requests));
            let source = self.refused_from;
            notices.push(self.notice("sender", "warning", strong, refused, source));
        }
        if unblocked.requests > 0 {
            let strong = format!("This unblocks {}", a_day(unblocked.requests));
            let source = self.unblocked_from;
            notices.push(self.notice("good", "check", strong, unblocked, source));
        }
        if notices.is_empty() {
            notices.push(Notice::info(self.unblocked_from.none));
        }
        notices
    }

    fn notice(
        &self,
        tone: &'static str,
        icon: &'static str,
        strong: String,
        share: &Share,
        source: Source,
    ) -> Notice {
        Notice {
            tone,
            icon,
            strong,
            words: format!("from {}.", self.key_names(&share.keys)),
            source: Some(source.words),
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
