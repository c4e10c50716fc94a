//! Where to go next: after a form, and after signing in on the way to a page.

use actix_web::HttpResponse;
use actix_web::http::header;
use url::Url;

/// Longer addresses are not worth returning to, in bytes.
const MAX_BYTES: usize = 2_000;

/// An address of this installation: a path, and maybe a query. Nothing else is ever followed, so a
/// link to sign in here cannot be made to lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// Reads an address that came with a request; `None` when a browser could take it for one of
    /// another site.
    pub fn parse(address: &str) -> Option<Self> {
        let is_plain = address.len() <= MAX_BYTES
            && address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
            && address.starts_with('/')
            && !address.starts_with("//");
        // Dots are resolved by the browser too: `/.//elsewhere.example` ends with two slashes.
        let here = Url::parse("http://here.invalid").ok()?;
        let resolved = here.join(address).ok()?;
        let is_local = resolved.origin() == here.origin() && !resolved.path().starts_with("//");
        (is_plain && is_local).then(|| Self(address.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 303: look at `address` now.
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_installation_are_followed() {
        for address in [
            "/",
            "/r/0193b2c4-1401-7d21-9a58-5e1f0c2ab7d4",
            "/settings/integrations/api-status/invalid-requests?brand=north%20west&next=//x",
        ] {
            assert_eq!(LocalPath::parse(address).unwrap().as_str(), address);
        }
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_followed() {
        for address in [
            "",
            "settings",
            "//elsewhere.example",
            "///elsewhere.example",
            "/\\elsewhere.example",
            "\\\\elsewhere.example",
            "/.//elsewhere.example",
            "/a/..//elsewhere.example",
            "/%2e//elsewhere.example",
            "/\t/elsewhere.example",
            "/\n/elsewhere.example",
            " //elsewhere.example",
            "https://elsewhere.example",
            "https:elsewhere.example",
            "javascript:alert(1)",
            "/settings\r\nset-cookie: a=b",
            "/größe",
        ] {
            assert_eq!(LocalPath::parse(address), None, "{address:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(2_000))), None);
    }
}
