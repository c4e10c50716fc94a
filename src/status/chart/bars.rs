//! The bars: what came in each step of time, and how high it is drawn.

use super::super::row::tone;
use crate::domain::alert::{LEAST_REQUESTS, OPENS_ABOVE};
use crate::domain::cube::Rate;
use crate::domain::dictionary::ErrorCode;
use crate::store::counts::Bin;
use crate::web::format::{number, percent};

/// The y of the base line; bars stand on it, at most so high.
const BASE: f64 = 112.0;
const HIGHEST: f64 = 92.0;

/// The line of the rates: its base, how high it goes, and how many percent that is at least.
const RATE_BASE: f64 = 160.0;
const RATE_HIGHEST: f64 = 34.0;
pub(super) const RATE_PERCENT: f64 = 10.0;

/// A step of time. Lengths are in percent of the width and in pixels of the height.
pub struct Bar {
    /// The list in this step's time alone.
    pub url: String,
    /// When it begins, in words.
    pub at: String,
    /// All requests.
    pub total: String,
    /// The valid ones.
    pub valid: String,
    /// The invalid ones.
    pub invalid: String,
    /// Their share.
    pub rate: String,
    /// Whether that is over the alert line.
    pub is_over: bool,
    /// Whether nothing came.
    pub is_empty: bool,
    /// The left end of its time.
    pub left: String,
    /// How wide its time is.
    pub width: String,
    /// The left end of the bar.
    pub bar_left: String,
    /// How wide the bar is.
    pub bar_width: String,
    /// The right end of the bar.
    pub bar_right: String,
    /// The upper end and the height of the valid part.
    pub valid_box: Option<(String, String)>,
    /// The invalid part on top of it, error by error.
    pub errors: Vec<Segment>,
    /// The y of the share that is invalid; `None` where nothing came.
    pub rate_y: Option<String>,
}

/// The requests of a bar that have the same first error.
pub struct Segment {
    /// Its title.
    pub title: &'static str,
    /// The class of its colour.
    pub tone: &'static str,
    /// How many.
    pub count: String,
    /// The upper end.
    pub y: String,
    /// The height.
    pub height: String,
}

/// What came in a step: the valid requests, and the invalid ones by their first error of those that
/// the filter asks for, so that each is drawn once.
pub(super) struct Stack {
    valid: i64,
    pub(super) errors: Vec<(ErrorCode, i64)>,
}

impl Stack {
    pub(super) fn of<'b>(bins: impl Iterator<Item = &'b Bin>) -> Self {
        let mut stack = Self {
            valid: 0,
            errors: Vec::new(),
        };
        for bin in bins {
            let is_first = |code: &ErrorCode| code.bit() == bin.first_error;
            match ErrorCode::ALL.into_iter().find(is_first) {
                Some(code) => stack.errors.push((code, bin.count)),
                None => stack.valid += bin.count,
            }
        }
        // Those that the same person ends lie together, so that few colours meet.
        stack
            .errors
            .sort_by_key(|(code, _)| (code.ended_by(), *code));
        stack
    }

    pub(super) fn rate(&self) -> Rate {
        let failed = self.errors.iter().map(|(_, count)| count).sum();
        Rate {
            failed,
            total: failed + self.valid,
        }
    }
}

/// How high a chart goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) requests: i64,
    pub(super) percent: f64,
}

impl Scale {
    fn height(self, count: i64) -> f64 {
        count as f64 / self.requests.max(1) as f64 * HIGHEST
    }

    pub(super) fn rate_y(self, percent: f64) -> f64 {
        RATE_BASE - (percent / self.percent).min(1.0) * RATE_HIGHEST
    }
}

impl Bar {
    pub(super) fn new(
        url: String,
        at: String,
        (left, width): (f64, f64),
        stack: &Stack,
        scale: Scale,
    ) -> Self {
        let gap = (width * 0.18).min(0.5);
        let rate = stack.rate();
        let percents = rate.percent();
        let is_over =
            rate.total >= LEAST_REQUESTS && percents.is_some_and(|p| p > OPENS_ABOVE as f64);
        let valid_height = scale.height(stack.valid);
        let share = |number: f64| format!("{number:.2}%");
        let length = |number: f64| format!("{number:.1}");
        let distance = if stack.valid > 0 { 1.0 } else { 0.0 };
        let mut top = BASE - valid_height - distance;
        let errors = stack.errors.iter().map(|(code, count)| {
            // A failure among thousands is seen all the same.
            let height = scale.height(*count).max(2.0);
            top -= height;
            Segment {
                title: code.title(),
                tone: tone(code.ended_by()),
                count: number(*count),
                y: length(top),
                height: length(height - 0.4),
            }
        });
        Self {
            errors: errors.collect(),
            url,
            at,
            total: number(rate.total),
            valid: number(stack.valid),
            invalid: number(rate.failed),
            rate: match rate.total {
                0 => "–".to_owned(),
                total => percent(rate.failed, total),
            },
            is_over,
            is_empty: rate.total == 0,
            left: share(left),
            width: share(width),
            bar_left: share(left + gap / 2.0),
            bar_width: share(width - gap),
            bar_right: share(left + width - gap / 2.0),
            valid_box: (stack.valid > 0)
                .then(|| (length(BASE - valid_height), length(valid_height))),
            rate_y: percents.map(|percent| length(scale.rate_y(percent))),
        }
    }
}
