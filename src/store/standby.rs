//! A standby that pages may be read on. How far behind it is, is told by positions in the write-ahead
//! log: the primary is asked twice a second where its log ends, the standby up to where it shows it,
//! and what the primary had at a moment is there when the standby has come past that position. So an
//! idle primary is no lag, a standby that is cut off is, and no clock has to agree with another.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::r2d2::ConnectionManager;
use diesel::sql_types::BigInt;
use r2d2::NopErrorHandler;

use super::{POOL_SIZE, PageConnection, Pool, with_time_limits};
use crate::domain::company::CompanyId;

/// A page waits so long for a connection to the standby, and is then read on the primary.
const WAIT: Duration = Duration::from_secs(1);

/// A standby further behind is of no use for pages.
const MOST_BEHIND: Duration = Duration::from_secs(30);

/// A position in the primary's log, in bytes.
type Position = i64;

/// What was read, and how old it may be.
#[derive(Debug, Clone, Default)]
pub struct Seen<T> {
    /// What was read.
    pub found: T,
    /// All that was stored longer ago is in it.
    pub behind: Duration,
}

/// The standby. Cheap to clone.
#[derive(Clone)]
pub(super) struct Standby(Arc<Inner>);

struct Inner {
    pool: Pool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Where the primary's log ended, and when; oldest first.
    marks: VecDeque<(Instant, Position)>,
    /// It shows all that the primary had then; `None` while it does not answer.
    as_of: Option<Instant>,
    /// Companies whose settings were changed since.
    changed: HashMap<CompanyId, Instant>,
    was_away: bool,
}

impl Standby {
    /// The standby at `url`. It need not be there yet.
    pub(super) fn at(url: &str) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(POOL_SIZE)
            .min_idle(Some(1))
            .connection_timeout(WAIT)
            .test_on_check_out(false)
            .connection_customizer(Box::new(PageConnection))
            // Told once, when it goes and when it comes back.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(ConnectionManager::new(with_time_limits(url)));
        let state = Mutex::default();
        Self(Arc::new(Inner { pool, state }))
    }

    /// Its connections.
    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// As of when a company's pages are shown on it; `None` when they are to be read on the primary:
    /// it does not answer, is too far behind, or has not got a change of the company's settings yet.
    pub(super) fn as_of(&self, company: CompanyId) -> Option<Instant> {
        let state = self.state();
        let as_of = state.as_of?;
        let lacks_a_change = state.changed.get(&company).is_some_and(|at| *at > as_of);
        (!lacks_a_change && as_of.elapsed() < MOST_BEHIND).then_some(as_of)
    }

    /// A company's settings were changed on the primary just now.
    pub(super) fn changed(&self, company: CompanyId) {
        self.state().changed.insert(company, Instant::now());
    }

    /// At `asked` the primary's log ended at `primary`; the standby answered afterwards that it shows
    /// it up to `shown`, or did not answer.
    pub(super) fn heard(&self, asked: Instant, primary: Position, shown: Option<Position>) {
        let mut state = self.state();
        state.mark(asked, primary);
        match shown {
            Some(shown) => state.show(shown),
            None => state.lose(),
        }
    }

    /// A page could not be read on it: the next ones are not tried, until it answers again.
    pub(super) fn lose(&self) {
        self.state().lose();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("nothing panics under this lock")
    }
}

impl State {
    fn mark(&mut self, at: Instant, position: Position) {
        // After a failover the log may go on from before what was asked last.
        if self.marks.back().is_some_and(|(_, last)| *last > position) {
            self.marks.clear();
        }
        self.marks.push_back((at, position));
        while self
            .marks
            .front()
            .is_some_and(|(at, _)| at.elapsed() > MOST_BEHIND)
        {
            self.marks.pop_front();
        }
    }

    /// Keeps the newest mark that it has come past, and those after it.
    fn show(&mut self, position: Position) {
        let passed = self.marks.iter().take_while(|(_, mark)| *mark <= position);
        let passed = passed.count();
        self.marks.drain(..passed.saturating_sub(1));
        if passed > 0 {
            self.as_of = self.marks.front().map(|(at, _)| *at);
        }
        if let Some(as_of) = self.as_of {
            self.changed.retain(|_, at| *at > as_of);
            if std::mem::take(&mut self.was_away) {
                tracing::info!("the standby answers: pages are read there");
            }
        }
    }

    fn lose(&mut self) {
        self.as_of = None;
        if !std::mem::replace(&mut self.was_away, true) {
            tracing::warn!("the standby does not answer: pages are read on the primary");
        }
    }
}

/// Where a primary's log ends, or up to where a standby shows it.
pub(super) fn position(connection: &mut PgConnection) -> QueryResult<Position> {
    let position = diesel::dsl::sql::<BigInt>(
        "pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                              ELSE pg_current_wal_lsn() END, '0/0')::bigint",
    );
    diesel::select(position).get_result(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Instant {
        Instant::now() - Duration::from_secs(seconds)
    }

    fn behind(state: &State) -> Option<u64> {
        state.as_of.map(|at| at.elapsed().as_secs())
    }

    #[test]
    fn it_is_as_old_as_the_newest_mark_that_it_has_come_past() {
        let mut state = State::default();
        for (seconds, position) in [(8, 100), (6, 200), (4, 300), (2, 300)] {
            state.mark(ago(seconds), position);
        }
        state.show(250);
        assert_eq!(behind(&state), Some(6));
        state.show(250);
        assert_eq!(behind(&state), Some(6), "it stands still");
        state.show(300);
        assert_eq!(behind(&state), Some(2), "an idle primary is no lag");
    }

    #[test]
    fn nothing_is_known_of_one_that_has_not_come_past_any_mark() {
        let mut state = State::default();
        state.mark(ago(2), 300);
        state.show(299);
        assert_eq!(behind(&state), None);
    }

    #[test]
    fn a_log_that_goes_back_begins_anew() {
        let mut state = State::default();
        state.mark(ago(4), 500);
        state.mark(ago(2), 400);
        state.show(450);
        assert_eq!(behind(&state), Some(2));
    }

    #[test]
    fn one_that_went_is_of_use_again_when_it_answers() {
        let mut state = State::default();
        state.mark(ago(4), 100);
        state.show(100);
        state.lose();
        assert_eq!(behind(&state), None);
        state.mark(ago(1), 200);
        state.show(200);
        assert_eq!(behind(&state), Some(1));
    }
}
