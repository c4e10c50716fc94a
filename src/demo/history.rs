//! Larkspur's last seven days: who sent what, when. Quiet traffic by hour of day, and five stories
//! in it: a brand that was switched off and a shop that still sends it, an agent who left, a new one
//! whose profile waits for approval, a helpdesk rule that sends no language, and a developer who
//! tries the test key.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, TimeZone, Timelike, Utc, Weekday};
use rand::{Rng, RngExt};
use serde_json::Value;

use super::bodies::{self, Agent, Ticket};
use super::companies;
use crate::domain::request::Kind;
use crate::judge::Sender;
use crate::store::settings::KnownKey;

/// How many requests come in each hour of a working day, midnight first: about 500 in all.
const BY_HOUR: [f64; 24] = [
    1.7, 1.2, 0.9, 0.9, 1.2, 2.3, 6., 12., 23., 37., 43., 43., 40., 40., 43., 43., 40., 35., 26.,
    20., 17., 13., 7., 3.5,
];

/// Of a working day's traffic so much comes on Saturday or Sunday.
const WEEKEND: f64 = 0.55;

/// Larkspur's keys.
pub struct Keys {
    /// The helpdesk.
    pub zendesk: KnownKey,
    /// The customer relations of Larkspur Kids.
    pub salesforce: KnownKey,
    /// The shop of the brand that was switched off.
    pub outlet_shop: KnownKey,
    /// Someone who builds something.
    pub dev_laptop: KnownKey,
    /// A test that runs by itself.
    pub staging: KnownKey,
}

/// One call of the past.
pub struct Sent {
    /// When it came.
    pub at: DateTime<Utc>,
    /// What it asked for.
    pub kind: Kind,
    /// The key it came with.
    pub key: KnownKey,
    /// Its body.
    pub body: Vec<u8>,
    /// Who sent it.
    pub sender: Sender,
}

/// A moment by Larkspur's clocks, so many days before `now`.
pub fn local_time(now: DateTime<Utc>, days_ago: u64, hour: u32, minute: u32) -> DateTime<Utc> {
    let zone = companies::larkspur().time_zone;
    let day = now.with_timezone(&zone).date_naive() - Days::new(days_ago);
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    // Clocks that are put forward skip an hour of the night.
    let local = zone.from_local_datetime(&day.and_time(time)).earliest();
    local.map_or(now - Days::new(days_ago), |local| local.to_utc())
}

/// Everything that came in the seven days before `now`, in the order of time.
pub fn week(keys: &Keys, now: DateTime<Utc>, rng: &mut impl Rng) -> Vec<Sent> {
    let mut times = times_of_day_traffic(now, rng);
    times.sort_unstable();
    let mut traffic = Traffic {
        now,
        tickets: 48_210,
        one_offs: 0,
    };
    let mut sent: Vec<Sent> = times
        .into_iter()
        .map(|at| traffic.next(keys, at, rng))
        .collect();
    sent.extend(smoke_tests(keys.staging, now));
    sent.extend(developer_session(keys.dev_laptop, now, rng));
    sent.sort_by_key(|sent| sent.at);
    sent
}

fn times_of_day_traffic(now: DateTime<Utc>, rng: &mut impl Rng) -> Vec<DateTime<Utc>> {
    let zone = companies::larkspur().time_zone;
    let mut times = Vec::new();
    for hours_ago in 1..=7 * 24 {
        let hour = now - TimeDelta::hours(hours_ago);
        let local = hour.with_timezone(&zone);
        let is_weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
        let expected = BY_HOUR[local.hour() as usize] * if is_weekend { WEEKEND } else { 1.0 };
        let count = (expected * rng.random_range(0.8..1.2)).floor() as u32;
        let one_more = rng.random_bool(expected.fract());
        for _ in 0..count + u32::from(one_more) {
            // Not the last seconds: whoever follows the stream does not look at them yet.
            let offset = rng.random_range(0..3_590_000);
            times.push(hour + TimeDelta::milliseconds(offset));
        }
    }
    times
}

/// The production traffic, one call after the other.
struct Traffic {
    now: DateTime<Utc>,
    tickets: u32,
    one_offs: usize,
}

impl Traffic {
    fn next(&mut self, keys: &Keys, at: DateTime<Utc>, rng: &mut impl Rng) -> Sent {
        self.tickets += rng.random_range(1..4);
        let ticket = Ticket::new(self.tickets, self.agent(at, rng), rng);
        let days_ago = (self.now - at).num_days();
        match rng.random_range(0..10_000) {
            // The outlet's shop goes on as if nothing had happened.
            0..210 => by_outlet_shop(keys, at, bodies::outlet_order(&ticket, rng)),
            // The rule "close solved tickets" is four days old and knows no language.
            210..270 if days_ago < 4 => by_zendesk(keys, at, bodies::without_language(&ticket)),
            // Everything else that can go wrong, one kind after the other.
            270..300 => {
                self.one_offs += 1;
                let body = bodies::one_off(self.one_offs, &ticket);
                by_zendesk(keys, at, body)
            }
            300..500 => by_zendesk(keys, at, bodies::sloppy(&ticket, rng)),
            500..900 => {
                let body = bodies::recovery(&ticket, rng);
                let sent = by_salesforce(keys, at, body);
                Sent {
                    kind: Kind::Recovery,
                    ..sent
                }
            }
            900..3_300 => by_salesforce(keys, at, bodies::kids_case(&ticket)),
            _ => by_zendesk(keys, at, bodies::helpdesk_ticket(&ticket)),
        }
    }

    /// Who handled the ticket: some handle more than others. Ben's are still assigned to him, and
    /// Chen began three days ago.
    fn agent(&self, at: DateTime<Utc>, rng: &mut impl Rng) -> Agent {
        let with_a_story = rng.random_range(0..1_000);
        let number = match with_a_story {
            0..11 => 1,
            11..16 if (self.now - at).num_days() < 3 => 2,
            _ => {
                let rank: f64 = rng.random();
                match (rank.powf(1.5) * 41.0) as usize {
                    0 => 0,
                    rank => rank + 2,
                }
            }
        };
        Agent::new(number)
    }
}

/// A script that checks the test environment every six hours, and finds it in order.
fn smoke_tests(key: KnownKey, now: DateTime<Utc>) -> impl Iterator<Item = Sent> {
    (1..7 * 4).map(move |quarter| {
        let at = now - TimeDelta::hours(6 * quarter) + TimeDelta::seconds(11);
        let sender = sender("larkspur-smoke/1.0", [203, 0, 113, 40]);
        feedback(at, key, bodies::smoke_test(quarter).to_string(), sender)
    })
}

/// Someone learns the API this afternoon: fails, reads the answer, mends, goes on.
fn developer_session(key: KnownKey, now: DateTime<Utc>, rng: &mut impl Rng) -> Vec<Sent> {
    let mut at = now - TimeDelta::minutes(260);
    let bodies = bodies::learning();
    bodies
        .into_iter()
        .enumerate()
        .map(|(number, body)| {
            at += TimeDelta::milliseconds(rng.random_range(40_000..420_000));
            let program = match number {
                0..9 => "curl/8.7.1",
                9..15 => "PostmanRuntime/7.43.0",
                _ => "python-requests/2.32.3",
            };
            feedback(at, key, body, sender(program, [198, 51, 100, 23]))
        })
        .collect()
}

fn by_zendesk(keys: &Keys, at: DateTime<Utc>, body: Value) -> Sent {
    let last = 10 + (at.timestamp() % 3) as u8;
    let sender = sender("Zendesk Webhook", [192, 0, 2, last]);
    feedback(at, keys.zendesk, body.to_string(), sender)
}

fn by_salesforce(keys: &Keys, at: DateTime<Utc>, body: Value) -> Sent {
    let sender = sender("SFDC-Callout/66.0", [192, 0, 2, 77]);
    feedback(at, keys.salesforce, body.to_string(), sender)
}

fn by_outlet_shop(keys: &Keys, at: DateTime<Utc>, body: Value) -> Sent {
    let sender = sender("outlet-shop/2.4 (okhttp/4.12.0)", [203, 0, 113, 9]);
    feedback(at, keys.outlet_shop, body.to_string(), sender)
}

fn feedback(at: DateTime<Utc>, key: KnownKey, body: String, sender: Sender) -> Sent {
    Sent {
        at,
        kind: Kind::Feedback,
        key,
        body: body.into_bytes(),
        sender,
    }
}

fn sender(program: &str, address: [u8; 4]) -> Sender {
    Sender {
        address: Some(IpAddr::V4(Ipv4Addr::from(address))),
        user_agent: Some(program.to_owned()),
        correlation_id: None,
        since: Instant::now(),
    }
}
