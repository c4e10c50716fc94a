//! What browsers are told.

use crate::support::TestApp;
use crate::support::http::{Call, Connection};

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

#[test]
fn head_is_get_without_the_body() {
    let app = TestApp::start();
    let ada = app.admin();
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/robots.txt",
        "/favicon.ico",
        "/static/app.css",
        "/v1/errors",
        "/errors",
        "/errors/invalid_brand",
        "/sign-in",
        "/",
        "/settings",
        "/settings/integrations",
        "/settings/integrations/api-status/invalid-requests",
        "/settings/employees/employees.csv",
        "/settings/nowhere",
        "/v1/requests",
    ] {
        // On one connection: a body that was sent all the same would be taken for the next answer.
        let mut connection = Connection::open(app.address).unwrap();
        let mut ask = |method: &str| {
            let call = Call::new(method, path).header("cookie", ada.cookie.as_ref().unwrap());
            connection.send(&call).unwrap()
        };
        let (head, get) = (ask("HEAD"), ask("GET"));
        assert_eq!(head.status, get.status, "{path}");
        for name in ["content-type", "cache-control", "location", "allow"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert_ne!(head.request_id(), get.request_id());
    }
    let stranger = app.visitor().call("HEAD", "/settings").send();
    assert_eq!(stranger.header("location"), Some("/sign-in?next=/settings"));
}

#[test]
fn what_can_only_be_looked_at_names_the_methods_it_takes() {
    let app = TestApp::start();
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/robots.txt",
        "/favicon.ico",
        "/static/app.css",
        "/v1/errors",
    ] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = app.visitor().call(method, path).send();
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{path}");
            assert_eq!(answer.json()["status"], 405);
        }
    }
}
