//! What a change of channels, brands or languages would do to the traffic, told from the counters of
//! a window: every kind of request in it is judged twice, by the settings as they are and as they
//! would be, by the one function that judges requests.

use std::collections::BTreeSet;

use serde_json::json;

use super::body::Body;
use super::cube::{Cell, Cube};
use super::dictionary::ErrorCode;
use super::filter::Label;
use super::settings::CompanySettings;
use super::validate::{Aspect, validate};

/// So many requests, with these keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// How many requests.
    pub requests: i64,
    /// The ids of their keys.
    pub keys: BTreeSet<i64>,
}

/// What a change would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Accepted now, refused then.
    pub refused: Share,
    /// Refused now, accepted then.
    pub unblocked: Share,
}

impl Share {
    /// Adds requests of a key.
    pub fn add(&mut self, key_id: i64, requests: i64) {
        self.requests += requests;
        self.keys.insert(key_id);
    }

    /// Adds another share.
    pub fn append(&mut self, other: Self) {
        self.requests += other.requests;
        self.keys.extend(other.keys);
    }
}

impl Effect {
    /// Tells what the change from `now` to `then` does to traffic like that of `cube`. Labels that
    /// nobody configured are not told apart by the counters, so what a new label unblocks is not in
    /// here.
    pub fn tell(cube: &Cube, now: &CompanySettings, then: &CompanySettings) -> Self {
        let mut effect = Self::default();
        for cell in &cube.0 {
            // What the employee, the customer or the form of the body did stays as it was.
            let others = cell.error_mask & !labels_mask();
            let is_valid = |settings| others == 0 && labels_are_valid(cell, settings);
            match (is_valid(now), is_valid(then)) {
                (true, false) => effect.refused.add(cell.key_id, cell.count),
                (false, true) => effect.unblocked.add(cell.key_id, cell.count),
                _ => {}
            }
        }
        effect
    }
}

/// Whether an error is about a label.
fn is_about_labels(code: ErrorCode) -> bool {
    matches!(
        Aspect::of(code),
        Some(Aspect::Channel | Aspect::Brand | Aspect::Language)
    )
}

fn labels_mask() -> i16 {
    let codes = ErrorCode::ALL.into_iter().filter(|c| is_about_labels(*c));
    codes.fold(0, |mask, code| mask | code.bit())
}

fn labels_are_valid(cell: &Cell, settings: &CompanySettings) -> bool {
    let sent = |label: &Label| match label {
        Label::NotSent => None,
        label => Some(label.word().into_owned()),
    };
    let body = json!({
        "channel": sent(&cell.channel),
        "brand": sent(&cell.brand),
        "language": sent(&cell.language),
    });
    let bytes = body.to_string();
    let body = Body::parse(cell.kind, bytes.as_bytes());
    let verdict = validate(cell.kind, &body, settings, cell.environment);
    !verdict.findings.iter().any(|f| is_about_labels(f.code()))
}

#[cfg(test)]
mod tests {
    use super::super::request::{Environment, Kind};
    use super::super::settings::{Brand, Channel};
    use super::*;

    fn settings(brands: &[(&str, bool)]) -> CompanySettings {
        CompanySettings {
            channels: vec![
                Channel::new("email", true, true),
                Channel::new("phone", true, false),
            ],
            brands: brands.iter().map(|(l, a)| Brand::new(l, *a)).collect(),
            ..CompanySettings::default()
        }
    }

    fn cell(brand: &str, error_mask: i16, count: i64) -> Cell {
        Cell {
            environment: Environment::Production,
            kind: Kind::Feedback,
            key_id: count,
            channel: Label::parse("email"),
            brand: Label::parse(brand),
            language: Label::NotSent,
            resubmitted: false,
            error_mask,
            count,
        }
    }

    #[test]
    fn a_brand_switched_off_refuses_its_requests() {
        let cube = Cube(vec![cell("north", 0, 7), cell("south", 0, 3)]);
        let now = settings(&[("north", true), ("south", true)]);
        let then = settings(&[("north", true), ("south", false)]);
        let effect = Effect::tell(&cube, &now, &then);
        assert_eq!(effect.refused.requests, 3);
        assert_eq!(effect.unblocked, Share::default());
        let back = Effect::tell(&cube, &then, &now);
        assert_eq!(back.unblocked.requests, 3);
        assert_eq!(back.refused, Share::default());
    }

    #[test]
    fn a_second_brand_refuses_those_that_name_none() {
        let cube = Cube(vec![cell("~none", 0, 5), cell("north", 0, 2)]);
        let now = settings(&[("north", true)]);
        let then = settings(&[("north", true), ("south", true)]);
        let effect = Effect::tell(&cube, &now, &then);
        assert_eq!(effect.refused.requests, 5);
        assert_eq!(effect.refused.keys, BTreeSet::from([5]));
    }

    #[test]
    fn what_has_another_error_too_is_not_unblocked() {
        let deactivated = ErrorCode::DeactivatedEmployee.bit();
        let cube = Cube(vec![cell("south", deactivated, 4), cell("south", 0, 1)]);
        let now = settings(&[("north", true), ("south", false)]);
        let then = settings(&[("north", true), ("south", true)]);
        assert_eq!(Effect::tell(&cube, &now, &then).unblocked.requests, 1);
    }

    #[test]
    fn only_production_waits_for_an_integrated_channel() {
        let phone = |environment| Cell {
            environment,
            channel: Label::parse("phone"),
            ..cell("north", 0, 2)
        };
        let cube = Cube(vec![
            phone(Environment::Test),
            phone(Environment::Production),
        ]);
        let now = settings(&[("north", true)]);
        let mut then = now.clone();
        then.channels[1].integrated = true;
        assert_eq!(Effect::tell(&cube, &now, &then).unblocked.requests, 2);
    }
}
