//! Many requests over many connections, with faults known beforehand, and the proof that the store
//! holds every answered one, once.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use uuid::Uuid;

use super::company::{accepted, accepted_but, with};
use super::http::{Call, Connection};
use super::{Company, TestStore};

/// So many connections at once.
const CONNECTIONS: usize = 32;

/// A kind of request and how it is answered.
struct Kind {
    path: &'static str,
    body: Value,
    is_production: bool,
    status: u16,
    error_mask: i64,
}

/// What became of a request.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which request it was: its ticket.
    pub number: usize,
    /// Its id and status; none where the connection broke before there was an answer.
    pub answer: Option<(Uuid, u16)>,
}

/// Requests of a company, sent in a round of nine kinds.
pub struct Load {
    kinds: Vec<Kind>,
    keys: [String; 2],
    next: AtomicUsize,
    answered: AtomicUsize,
    outcomes: Mutex<Vec<Outcome>>,
}

impl Load {
    /// Requests of this company, which has Larkspur's settings.
    pub fn of(company: &Company) -> Self {
        let kind = |path, body, is_production, error_mask| Kind {
            path,
            body,
            is_production,
            status: if error_mask == 0 { 200 } else { 400 },
            error_mask,
        };
        let nobody = json!({"email": "nobody@larkspur.example"});
        let no_labels = with(
            accepted_but("/brand", Value::Null),
            "/language",
            Value::Null,
        );
        let recovery = json!({"employee": {"custom_id": "L-1002"}});
        Self {
            kinds: vec![
                kind("/v1/requests", accepted(), true, 0),
                kind("/v1/requests", accepted(), false, 0),
                kind(
                    "/v1/requests",
                    accepted_but("/employee", nobody),
                    true,
                    1 << 2,
                ),
                kind(
                    "/v1/requests",
                    accepted_but("/brand", "larkspur-outlet"),
                    true,
                    1 << 7,
                ),
                kind(
                    "/v1/requests",
                    accepted_but("/channel", "phone"),
                    true,
                    1 << 5,
                ),
                kind("/v1/requests", no_labels, false, 1 << 6 | 1 << 8),
                kind("/v1/requests", accepted_but("/tags", "x"), false, 1 << 10),
                kind("/v1/recoveries", recovery, true, 1 << 1),
                kind("/v1/auth", accepted(), true, 0),
            ],
            keys: [&company.test_key, &company.production_key].map(|key| key.text.clone()),
            next: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            outcomes: Mutex::default(),
        }
    }

    /// Sends requests until `total` have been sent, or nobody listens any more; `meanwhile` runs
    /// beside it.
    pub fn send(&self, address: SocketAddr, total: usize, meanwhile: impl FnOnce()) {
        std::thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                scope.spawn(|| self.send_over_one_connection(address, total));
            }
            meanwhile();
        });
    }

    /// How many answers there were so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// What became of each request.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.outcomes.lock().unwrap().clone()
    }

    /// How many were answered with this status.
    pub fn with_status(&self, status: u16) -> usize {
        let outcomes = self.outcomes();
        let is = |outcome: &&Outcome| outcome.answer.is_some_and(|(_, s)| s == status);
        outcomes.iter().filter(is).count()
    }

    fn send_over_one_connection(&self, address: SocketAddr, total: usize) {
        let mut connection = None;
        loop {
            let Ok(open) = connection
                .take()
                .map_or_else(|| Connection::open(address), Ok)
            else {
                return;
            };
            let mut open = open;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                return;
            }
            let answer = open.send(&self.call(number)).ok();
            if let Some(answer) = &answer {
                self.answered.fetch_add(1, Ordering::Relaxed);
                if answer.header("connection") != Some("close") {
                    connection = Some(open);
                }
            }
            let answer = answer.map(|answer| (answer.request_id(), answer.status));
            self.outcomes
                .lock()
                .unwrap()
                .push(Outcome { number, answer });
        }
    }

    fn call(&self, number: usize) -> Call {
        let kind = self.kind(number);
        let body = with(kind.body.clone(), "/ext_interaction_id", number.to_string());
        Call::new("POST", kind.path)
            .header("x-api-key", &self.keys[usize::from(kind.is_production)])
            .json(&body)
    }

    fn kind(&self, number: usize) -> &Kind {
        &self.kinds[number % self.kinds.len()]
    }

    /// Proves that every request answered 200 or 400 is stored, as it was answered, and no request
    /// twice; that one answered 500 is not; and that documents, findings and counters are those of
    /// the rows.
    #[track_caller]
    pub fn expect_stored(&self, store: &TestStore, company: &Company) {
        let id = company.id;
        let rows = store.rows(&format!(
            "SELECT id, ticket_id, http_status, error_mask, environment FROM requests \
             WHERE company_id = {id}"
        ));
        let mut by_number: HashMap<usize, &Value> = HashMap::new();
        for row in &rows {
            let number = row["ticket_id"].as_str().unwrap().parse().unwrap();
            assert!(
                by_number.insert(number, row).is_none(),
                "stored twice: {row}"
            );
        }
        for Outcome { number, answer } in self.outcomes() {
            let Some((id, status)) = answer else { continue };
            let (kind, row) = (self.kind(number), by_number.get(&number));
            match status {
                500 => assert!(row.is_none(), "{number} was refused and is there"),
                503 => {}
                _ => {
                    assert_eq!(status, kind.status, "{number}");
                    let row = row.unwrap_or_else(|| panic!("{number} was answered and is gone"));
                    assert_eq!(row["id"], json!(id));
                    assert_eq!(row["http_status"], json!(status));
                    assert_eq!(row["error_mask"], json!(kind.error_mask));
                    assert_eq!(row["environment"], json!(1 + i64::from(kind.is_production)));
                }
            }
        }
        let by_mask = store.requests_by_mask(id);
        assert_eq!(store.counts_by_mask(id, 5), by_mask);
        store.fold(id);
        assert_eq!(store.counts_by_mask(id, 5), by_mask);
        assert_eq!(store.counts_by_mask(id, 60), by_mask);
        let documents = format!("SELECT count(*) FROM request_documents WHERE company_id = {id}");
        assert_eq!(store.number(&documents), rows.len() as i64);
        let findings = format!("SELECT count(*) FROM request_findings WHERE company_id = {id}");
        let errors: i64 = by_mask
            .iter()
            .map(|((_, mask), count)| i64::from(mask.count_ones()) * count)
            .sum();
        assert_eq!(store.number(&findings), errors);
    }

    /// What the counters must show when each of the first `total` requests was stored.
    pub fn expected_counts(&self, total: usize) -> BTreeMap<(i64, i64), i64> {
        let mut counts = BTreeMap::new();
        for number in 0..total {
            let kind = self.kind(number);
            let key = (1 + i64::from(kind.is_production), kind.error_mask);
            *counts.entry(key).or_default() += 1;
        }
        counts
    }
}
