//! How often the company of whoever looks had an error. The page is for everybody, so it is shown
//! all the same where the store cannot tell.

use chrono::{DateTime, Utc};

use super::super::Status;
use super::super::filters::{Address, View};
use crate::domain::cube::Cube;
use crate::domain::dictionary::ErrorCode;
use crate::domain::filter::{Filter, Subject, Term};
use crate::domain::window::{Preset, Range, Window};
use crate::store::counts;
use crate::store::requests::{self, Tab};
use crate::web::format::{Moment, number};
use crate::web::shell::Company;

/// Looked at are the last seven days.
const LOOKED_AT: Range = Range::Last(Preset::Week);

/// How often a company had each error.
pub struct Counts(Cube);

/// How often a company had one error.
pub struct Seen {
    /// So often; `None` where it had none.
    pub count: Option<String>,
    /// When the last one came, in words; `None` where there was none.
    pub last: Option<(Moment, String)>,
    /// The list of them.
    pub url: String,
}

impl Counts {
    /// Those of a company; `None` where the store cannot tell.
    pub async fn of(status: &Status, company: &Company) -> Option<Self> {
        let (id, window) = (company.id, window(status, status.clock.now()));
        let read = status
            .store
            .read(id, move |connection| counts::cube(connection, id, window));
        known(read.await).map(Self)
    }

    /// Such as `14 in seven days`.
    pub fn in_words(&self, code: ErrorCode) -> String {
        match count(&self.0, code) {
            0 => "none in seven days".to_owned(),
            count => format!("{} in seven days", number(count)),
        }
    }
}

impl Seen {
    /// What a company had of this error; `None` where the store cannot tell.
    pub async fn of(status: &Status, company: &Company, code: ErrorCode) -> Option<Self> {
        let (id, now) = (company.id, status.clock.now());
        let window = window(status, now);
        let read = status.store.read(id, move |connection| {
            let cube = counts::cube(connection, id, window)?;
            let last = requests::newest_with(connection, id, code, window.from)?;
            Ok((count(&cube, code), last))
        });
        let (count, last) = known(read.await)?;
        let moment = |at| Moment::new(at, company.zone);
        Some(Self {
            count: (count > 0).then(|| number(count)),
            last: last.map(|at| (moment(at), moment(at).in_words(now))),
            url: list(code),
        })
    }
}

fn window(status: &Status, now: DateTime<Utc>) -> Window {
    status.within_retention(LOOKED_AT.at(now), now)
}

fn count(cube: &Cube, code: ErrorCode) -> i64 {
    cube.count(|cell| cell.is(&Subject::Error(code)))
}

fn list(code: ErrorCode) -> String {
    let term = Term::wanted(Subject::Error(code));
    let filter = Filter::default().with_range(LOOKED_AT).with(term);
    Address::new(Tab::Invalid, filter, View::Requests).url()
}

fn known<T>(read: Result<T, crate::store::StoreError>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::warn!(error = format!("{error:?}"), "the dictionary has no counts");
    })
    .ok()
}
