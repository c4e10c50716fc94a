//! Languages: which tags may be set up.

use icu_locale_core::LanguageIdentifier;

/// The tag in its canonical form (`fr_ca` becomes `fr-CA`); `None` for what is no BCP 47 tag of a
/// language, maybe with script and region.
pub fn canonical(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let tag = LanguageIdentifier::try_from_str(&text).ok()?;
    (!tag.language.is_unknown()).then(|| tag.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_the_standard_does() {
        assert_eq!(canonical(" fr_ca ").as_deref(), Some("fr-CA"));
        assert_eq!(canonical("ZH-hant-tw").as_deref(), Some("zh-Hant-TW"));
        for wrong in ["", "french", "f", "en-", "und", "en-US-x-private!"] {
            assert_eq!(canonical(wrong), None, "{wrong}");
        }
    }
}
