//! The documented alert, from the requests to the mailbox.

mod letters;
mod servers;
mod telling;
mod watching;

use crate::support::company::{accepted, accepted_but};
use crate::support::{Company, TestApp, TestStore, within};

use std::time::Duration;

const OPS: &str = "ops@larkspur.example";

/// Longer than a round of watching takes, also on a busy machine.
const A_WHILE: Duration = Duration::from_secs(40);

impl TestStore {
    /// Makes these the alert e-mails of a company.
    fn tells(&self, company: &Company, addresses: &[&str]) {
        let addresses: Vec<String> = addresses.iter().map(|a| format!("'{a}'")).collect();
        self.execute(&format!(
            "UPDATE companies SET alert_emails = ARRAY[{}]::text[] WHERE id = {}",
            addresses.join(", "),
            company.id
        ));
    }

    fn open_alerts(&self) -> i64 {
        self.number("SELECT count(*) FROM alerts WHERE closed_at IS NULL")
    }

    fn closed_alerts(&self) -> i64 {
        self.number("SELECT count(*) FROM alerts WHERE closed_at IS NOT NULL")
    }
}

impl TestApp {
    /// Larkspur's production sends so many good requests and so many with a brand that is switched
    /// off.
    fn receives(&self, good: usize, bad: usize) {
        let production = self.production();
        for _ in 0..good {
            assert_eq!(production.requests(&accepted()).status, 200);
        }
        let bad_body = accepted_but("/brand", "larkspur-outlet");
        for _ in 0..bad {
            assert_eq!(production.requests(&bad_body).status, 400);
        }
    }

    #[track_caller]
    fn alert_opens(&self) {
        within(A_WHILE, "the alert opens", || {
            (self.open_alerts() == 1).then_some(())
        });
    }

    #[track_caller]
    fn alert_closes(&self) {
        within(A_WHILE, "the alert closes", || {
            (self.closed_alerts() == 1 && self.open_alerts() == 0).then_some(())
        });
    }
}

/// Two rounds of watching pass.
fn a_round_passes() {
    std::thread::sleep(Duration::from_secs(11));
}
