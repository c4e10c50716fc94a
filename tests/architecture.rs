//! The rooms of the program and the way between them: imports point one way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Top files that any room but the domain and the store may use.
const SHARED: [&str; 7] = [
    "blocking",
    "clock",
    "config",
    "context",
    "error",
    "mail",
    "telemetry",
];

/// What each room and each top file may import beside itself. Rooms may use [`SHARED`] as well.
const ROOMS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("web", &["domain"]),
    ("judge", &["domain", "store"]),
    ("ingest", &["domain", "store", "judge"]),
    ("status", &["domain", "store", "judge", "web"]),
    ("settings", &["domain", "store", "web"]),
    ("alerts", &["domain", "store", "web"]),
    ("access", &["domain", "store", "web"]),
    ("mail", &[]),
    ("jobs", &["domain", "store", "judge", "ingest", "alerts"]),
    // Above the features: what their endpoints say of themselves.
    (
        "documentation",
        &["domain", "web", "judge", "ingest", "status"],
    ),
    ("demo", &["domain", "store", "judge", "ingest", "access"]),
    ("commands", &["domain", "store", "access", "demo", "app"]),
];

/// The same for files at the top, which get nothing else.
const TOP_FILES: [(&str, &[&str]); 11] = [
    ("blocking", &[]),
    ("clock", &[]),
    ("config", &[]),
    ("context", &["clock", "domain"]),
    ("error", &["context", "domain", "store"]),
    ("telemetry", &["config", "domain"]),
    ("probes", &["clock", "store"]),
    (
        "routes",
        &[
            "access",
            "alerts",
            "context",
            "documentation",
            "error",
            "ingest",
            "probes",
            "settings",
            "status",
            "telemetry",
            "web",
        ],
    ),
    (
        "app",
        &[
            "access",
            "alerts",
            "clock",
            "config",
            "context",
            "ingest",
            "jobs",
            "mail",
            "judge",
            "routes",
            "settings",
            "status",
            "store",
            "telemetry",
            "web",
        ],
    ),
    ("lib", &[]),
    ("main", &["commands"]),
];

/// The rooms of the domain's own kind: nothing that asks the world.
const NOT_IN_THE_DOMAIN: [&str; 9] = [
    "actix",
    "askama",
    "diesel",
    "tokio",
    "std::fs",
    "std::net",
    "std::io",
    "SystemTime",
    "Utc::now",
];

/// Templates that may print what was escaped elsewhere: none.
const MAY_BE_SAFE: [&str; 0] = [];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files under a folder with this ending, with their path from the root and their text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((relative(&path), text));
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The room of a file in `src`, or the name of a file at the top.
fn room(path: &str) -> (&str, bool) {
    let path = path.trim_start_matches("src/");
    match path.split_once('/') {
        Some((room, _)) => (room, true),
        None => (path.trim_end_matches(".rs"), false),
    }
}

/// The first names after `crate::`, also those in braces, without comments.
fn imports(source: &str) -> BTreeSet<String> {
    let code: Vec<&str> = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut names = BTreeSet::new();
    for (_, after) in code
        .match_indices("crate::")
        .map(|(at, found)| code.split_at(at + found.len()))
    {
        match after.strip_prefix('{') {
            None => names.extend(first_name(after)),
            Some(group) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in group.chars() {
                    match c {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => names.extend(first_name(&std::mem::take(&mut item))),
                        c => item.push(c),
                    }
                }
                names.extend(first_name(&item));
            }
        }
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name: String = path
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn imports_between_the_rooms_point_one_way() {
    let mut wrong = Vec::new();
    for (path, source) in files("src", "rs") {
        let (room, is_room) = room(&path);
        let known: &[_] = if is_room { &ROOMS } else { &TOP_FILES };
        let Some((_, allowed)) = known.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{path}: a room that nobody knows"));
            continue;
        };
        let uses_shared = is_room && !["domain", "store"].contains(&room);
        for import in imports(&source) {
            let is_allowed = import == room
                || allowed.contains(&import.as_str())
                || uses_shared && SHARED.contains(&import.as_str());
            if !is_allowed {
                wrong.push(format!("{path} uses crate::{import}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_a_file_imports_is_read_in_every_form() {
    let source =
        "use crate::a::b;\n// crate::no\nuse crate::{c::{d, e}, f};\nlet x = crate::g::h();";
    let expected = ["a", "c", "f", "g"].map(str::to_owned);
    assert_eq!(imports(source), BTreeSet::from(expected));
}

#[test]
fn the_domain_asks_nobody() {
    for (path, source) in files("src/domain", "rs") {
        for (number, line) in source.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            let found = NOT_IN_THE_DOMAIN.iter().find(|word| line.contains(**word));
            assert!(
                is_comment || found.is_none(),
                "{path}:{}: {line}",
                number + 1
            );
        }
    }
}

#[test]
fn only_the_store_asks_the_database_and_it_speaks_neither_http_nor_html() {
    const QUERIES: [&str; 6] = [
        "sql_query(",
        "insert_into(",
        "diesel::update(",
        "diesel::delete(",
        "schema::",
        "::table",
    ];
    for (path, source) in files("src", "rs") {
        let foreign: &[&str] = match path.starts_with("src/store/") {
            true => &["actix_web", "askama"],
            false => &QUERIES,
        };
        let found = foreign.iter().find(|word| source.contains(**word));
        assert_eq!(found, None, "{path}");
    }
}

#[test]
fn no_template_prints_what_it_has_not_escaped() {
    for (path, template) in files("templates", "html") {
        let squeezed: String = template.chars().filter(|c| !c.is_whitespace()).collect();
        let is_unsafe = squeezed.contains("|safe") || squeezed.contains("autoescapefalse");
        assert!(!is_unsafe || MAY_BE_SAFE.contains(&path.as_str()), "{path}");
    }
}
