//! That every page asks one machine of a distributed store: each plan that a page's query gets looks
//! its rows up by the company, in every table of companies that it touches.

use std::collections::BTreeSet;

use api_status_page::store::distribute::SHARED;
use api_status_page::store::folding;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use serde_json::Value;

use crate::support::company::{accepted, accepted_but};
use crate::support::{Cluster, TestApp, TestStore, eventually};

/// What jobs ask of all companies at once, and no page.
const OF_ALL_COMPANIES: [&str; 6] = [
    "SELECT \"alerts\".\"company_id\"",
    "SELECT DISTINCT \"alert_mails\".\"company_id\"",
    "SELECT company_id, coalesce(sum(failed)",
    "SELECT \"bulk_runs\".\"company_id\"",
    "SELECT DISTINCT \"request_count_deltas\".\"company_id\"",
    "DELETE FROM \"employee_imports\"",
];

const STATUS: &str = "/settings/integrations/api-status";

/// The plans in a server's log, each with its query.
fn plans(log: &str) -> Vec<Value> {
    log.split("plan:\n")
        .skip(1)
        .map(|rest| {
            let lines = rest.lines().map_while(|line| line.strip_prefix('\t'));
            let json: Vec<&str> = lines.collect();
            serde_json::from_str(&json.join("\n")).unwrap()
        })
        .collect()
}

/// The table that a step of a plan reads, without its week.
fn table(step: &Value) -> Option<&str> {
    let name = step["Relation Name"].as_str()?;
    let week = name.rsplit_once('_').filter(|(_, week)| week.len() == 8);
    Some(match week {
        Some((table, week)) if week.bytes().all(|b| b.is_ascii_digit()) => table,
        _ => name,
    })
}

fn steps<'p>(plan: &'p Value, into: &mut Vec<&'p Value>) {
    into.push(plan);
    for child in plan["Plans"].as_array().into_iter().flatten() {
        steps(child, into);
    }
}

/// On how many machines' parts the steps of a plan are run, where the store is spread.
fn task_counts(plan: &Value, into: &mut Vec<i64>) {
    let inner: Vec<&Value> = match plan {
        Value::Object(fields) => {
            into.extend(fields.get("Task Count").and_then(Value::as_i64));
            fields.values().collect()
        }
        Value::Array(all) => all.iter().collect(),
        _ => Vec::new(),
    };
    for value in inner {
        task_counts(value, into);
    }
}

/// The catalogue and the tests' own looks are nobody's page.
fn is_of_companies(table: &str) -> bool {
    !SHARED.contains(&table) && !table.starts_with("pg_") && !table.starts_with("__diesel")
}

fn names_company(step: &Value) -> bool {
    ["Index Cond", "Recheck Cond", "Filter", "One-Time Filter"]
        .iter()
        .filter_map(|condition| step[*condition].as_str())
        .any(|condition| condition.contains("company_id = "))
}

#[test]
fn every_query_of_a_page_names_its_company_in_every_table_of_companies() {
    let cluster = Cluster::start();
    let store = TestStore::database_in(&cluster);
    let database = store.rows("SELECT current_database() AS name")[0]["name"].clone();
    let database = database.as_str().unwrap();
    store.execute(&format!(
        "LOAD 'auto_explain'; \
         ALTER DATABASE {database} SET session_preload_libraries = 'auto_explain'; \
         ALTER DATABASE {database} SET auto_explain.log_min_duration = 0; \
         ALTER DATABASE {database} SET auto_explain.log_format = 'json'"
    ));
    let app = TestApp::on(&store);
    let sent = [
        accepted(),
        accepted_but("/brand", "larkspur-outlet"),
        accepted_but("/employee/email", "nobody@larkspur.example"),
        accepted_but("/customer/email", "jane at home"),
    ];
    for body in &sent {
        app.production().requests(body);
        app.trying_out().requests(body);
    }
    let id = app.production().requests(&sent[1]).request_id();
    // All of it is counted, so that the causes are read from their counters.
    let fold = |connection: &mut _| folding::fold(connection, store.larkspur.id);
    let mut connection = store.connection();
    if cluster.is_spread() {
        // Citus explains no statement that reads and writes and has parameters.
        let off = "SET auto_explain.log_min_duration = -1";
        connection.batch_execute(off).unwrap();
    }
    assert!(!connection.transaction(fold).unwrap(), "there is more");
    let left = format!(
        "SELECT count(*) FROM request_count_deltas WHERE company_id = {}",
        store.larkspur.id
    );
    assert_eq!(store.number(&left), 0);
    let mut admin = app.admin();
    let lists = [
        "invalid-requests",
        "test-requests",
        "invalid-requests/causes",
        "test-requests/causes",
    ];
    let filters = [
        "",
        "?error=employee_not_found",
        "?error=employee_not_found&brand=larkspur",
        "?employee=nobody@larkspur.example",
        "?channel=email&environment=production",
        "?result=valid&range=30d",
        "?state=acknowledged&page=2",
    ];
    let mut paths = vec![
        format!("{STATUS}/requests/{id}"),
        format!("{STATUS}/search?q={id}"),
        format!("{STATUS}/search?q=jane@customer.example"),
        format!("{STATUS}/search?q=T-1"),
        format!("/r/{id}"),
    ];
    for (list, filter) in lists
        .iter()
        .flat_map(|l| filters.iter().map(move |f| (l, f)))
    {
        paths.push(format!("{STATUS}/{list}{filter}"));
    }
    for page in [
        "integrations",
        "company-info",
        "employees",
        "employees?q=ada",
        "users",
        "audit-log",
    ] {
        paths.push(format!("/settings/{page}"));
    }
    for path in paths {
        let status = admin.get(&path).status;
        assert!(status == 200 || status == 303, "{path}: {status}");
    }
    for path in [
        "/settings/company-info/brands/larkspur-outlet/activation",
        "/settings/integrations/channels/phone/integration",
    ] {
        assert_eq!(admin.fill_in(path, &[]).status, 303, "{path}");
    }
    let file = "name,email,custom_id,status\nAda,ada.osei@larkspur.example,L-1,active\nNew,new@larkspur.example,,active\n";
    let preview = admin.upload(
        "/settings/employees/imports/new",
        "people.csv",
        file.as_bytes(),
    );
    assert_eq!(admin.fill_in(preview.location(), &[]).status, 303);
    if !cluster.is_spread() {
        store.fold(store.larkspur.id);
    }

    let wanted = [
        "INSERT INTO cause_counts",
        "UPDATE employees AS e",
        "INSERT INTO request_counts",
    ];
    let wanted = match cluster.is_spread() {
        true => &wanted[1..2],
        false => &wanted,
    };
    let plans = eventually("the log has all of it", || {
        let log = cluster.log();
        wanted
            .iter()
            .all(|query| log.contains(query))
            .then(|| plans(&log))
    });
    let mut of_companies = BTreeSet::new();
    let mut without = BTreeSet::new();
    let mut routed = 0;
    for plan in &plans {
        let query = plan["Query Text"].as_str().unwrap();
        if OF_ALL_COMPANIES.iter().any(|all| query.starts_with(all)) {
            continue;
        }
        if cluster.is_spread() {
            let mut counts = Vec::new();
            task_counts(plan, &mut counts);
            routed += counts.len();
            if counts.iter().any(|count| *count > 1) {
                without.insert(format!("{counts:?} tasks: {query}"));
            }
            continue;
        }
        let mut all = Vec::new();
        steps(&plan["Plan"], &mut all);
        for step in all
            .into_iter()
            .filter(|step| step["Node Type"] != "ModifyTable")
        {
            let Some(table) = table(step).filter(|name| is_of_companies(name)) else {
                continue;
            };
            of_companies.insert(table.to_owned());
            if !names_company(step) {
                without.insert(format!("{table}: {query}"));
            }
        }
    }
    assert_eq!(without, BTreeSet::new());
    if cluster.is_spread() {
        assert!(routed > 100, "{routed} queries went to a machine");
        return;
    }
    for table in [
        "requests",
        "request_documents",
        "request_findings",
        "request_counts",
        "request_totals",
        "cause_counts",
        "employee_counts",
        "employees",
    ] {
        assert!(of_companies.contains(table), "{table} was read by no page");
    }
}
