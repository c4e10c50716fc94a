//! Languages: which tags may be set up.

use icu_locale_core::LanguageIdentifier;

/// Tags that are often set up, with the language's name: to pick from. Any other may be typed.
pub const COMMON: [(&str, &str); 40] = [
    ("ar", "Arabic"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("de-AT", "German (Austria)"),
    ("de-CH", "German (Switzerland)"),
    ("el", "Greek"),
    ("en", "English"),
    ("en-AU", "English (Australia)"),
    ("en-CA", "English (Canada)"),
    ("en-GB", "English (United Kingdom)"),
    ("en-US", "English (United States)"),
    ("es", "Spanish"),
    ("es-419", "Spanish (Latin America)"),
    ("es-MX", "Spanish (Mexico)"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("fr-CA", "French (Canada)"),
    ("fr-CH", "French (Switzerland)"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("nb", "Norwegian"),
    ("nl", "Dutch"),
    ("nl-BE", "Dutch (Belgium)"),
    ("pl", "Polish"),
    ("pt-BR", "Portuguese (Brazil)"),
    ("pt-PT", "Portuguese (Portugal)"),
    ("ro", "Romanian"),
    ("sv", "Swedish"),
    ("th", "Thai"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh-Hans", "Chinese (simplified)"),
    ("zh-Hant", "Chinese (traditional)"),
];

/// The tag in its canonical form (`fr_ca` becomes `fr-CA`); `None` for what is no BCP 47 tag of a
/// language, maybe with script and region.
pub fn canonical(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let tag = LanguageIdentifier::try_from_str(&text).ok()?;
    (!tag.language.is_unknown()).then(|| tag.to_string())
}

/// What a tag begins with: the language itself, without script and region.
pub fn primary(tag: &str) -> &str {
    tag.split_once('-').map_or(tag, |(primary, _)| primary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_as_it_would_be_kept() {
        for (tag, _) in COMMON {
            assert_eq!(canonical(tag).as_deref(), Some(tag));
        }
    }

    #[test]
    fn tags_are_written_as_the_standard_does() {
        assert_eq!(canonical(" fr_ca ").as_deref(), Some("fr-CA"));
        assert_eq!(canonical("ZH-hant-tw").as_deref(), Some("zh-Hant-TW"));
        for wrong in ["", "french", "f", "en-", "und", "en-US-x-private!"] {
            assert_eq!(canonical(wrong), None, "{wrong}");
        }
    }
}
