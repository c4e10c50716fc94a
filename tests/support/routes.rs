//! The addresses of the pages, read from the table itself, so that none can be forgotten.

const TABLE: &str = include_str!("../../src/routes.rs");

/// The addresses of pages for everybody, as the table has them.
pub fn public() -> Vec<String> {
    in_function("public_pages")
}

/// Those of pages for who is signed in, but for the settings.
pub fn guarded() -> Vec<String> {
    in_function("guarded_pages")
}

/// Those of the settings.
pub fn settings() -> Vec<String> {
    let pages = in_function("settings_pages").into_iter();
    pages.map(|address| format!("/settings{address}")).collect()
}

fn in_function(name: &str) -> Vec<String> {
    let (_, function) = TABLE.split_once(&format!("fn {name}")).unwrap();
    let (function, _) = function.split_once("\n}\n").unwrap();
    // The scopes around a line, each with how far it is indented.
    let mut scopes: Vec<(usize, &str)> = Vec::new();
    let mut addresses = Vec::new();
    for line in function.lines() {
        let Some(literal) = line.split('"').nth(1) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        scopes.retain(|(outer, _)| *outer < indent);
        if line.contains("scope(") {
            scopes.push((indent, literal));
        } else {
            let scope: String = scopes.iter().map(|(_, scope)| *scope).collect();
            addresses.push(scope + literal);
        }
    }
    addresses
}
