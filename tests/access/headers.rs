//! What browsers are told.

use crate::support::TestApp;

#[test]
fn every_answer_has_the_security_headers() {
    let app = TestApp::start();
    let visitor = app.visitor();
    for path in [
        "/",
        "/sign-in",
        "/nowhere",
        "/v1/nowhere",
        "/healthz",
        "/robots.txt",
        "/favicon.ico",
    ] {
        let answer = visitor.get(path);
        let header = |name| {
            answer
                .header(name)
                .unwrap_or_else(|| panic!("{path}: {name}"))
        };
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(header("strict-transport-security").contains("max-age=63072000"));
        assert!(header("permissions-policy").contains("camera=()"));
    }
}

#[test]
fn pages_are_kept_by_no_cache() {
    let app = TestApp::start();
    let mut ada = app.admin();
    for path in ["/", "/settings", "/sign-in", "/nowhere"] {
        assert_eq!(
            ada.get(path).header("cache-control"),
            Some("no-store"),
            "{path}"
        );
        let visited = app.visitor().get(path);
        assert_eq!(visited.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[test]
fn files_are_kept_for_good_under_the_address_of_their_version() {
    let app = TestApp::start();
    let page = app.visitor().get("/sign-in");
    let (_, rest) = page
        .text()
        .split_once("<link rel=\"stylesheet\" href=\"")
        .unwrap();
    let address = rest.split('"').next().unwrap();
    assert!(address.starts_with("/static/app.css?v="));
    let file = app.visitor().get(address);
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), Some("text/css"));
    let keep = "public, max-age=31536000, immutable";
    assert_eq!(file.header("cache-control"), Some(keep));
    let tag = file.header("etag").unwrap();
    let again = app
        .visitor()
        .call("GET", address)
        .header("if-none-match", tag)
        .send();
    assert_eq!((again.status, again.body.len()), (304, 0));
    for stale in ["/static/app.css", "/static/app.css?v=0"] {
        let file = app.visitor().get(stale);
        assert_eq!(file.header("cache-control"), Some("no-cache"), "{stale}");
    }
    let packed = app
        .visitor()
        .call("GET", address)
        .header("accept-encoding", "gzip")
        .send();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
}
