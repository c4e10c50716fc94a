//! From an error to its end: the one control that ends it, with the value filled in.

use super::ROOT;
use crate::domain::dictionary::Reason;
use crate::domain::request::Environment;
use crate::domain::settings::{CompanySettings, EmployeeMatch, ProfileStatus};
use crate::store::requests::{FindingRow, ListRow};
use crate::web::redirect::{segment, with_return};

/// The control that ends an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The words on the button up to the value …
    pub verb: String,
    /// … the value, where it is a label …
    pub value: Option<String>,
    /// … and the rest.
    pub rest: &'static str,
    /// Where the control is; it leads back to the request.
    pub url: String,
    /// The same without the way back, to be sent to an admin.
    pub plain_url: String,
}

/// A sentence about settings, in pieces of which some lead there.
pub struct Linked(pub Vec<(&'static str, Option<&'static str>)>);

impl Fix {
    fn new(
        row: &ListRow,
        verb: &str,
        value: Option<&str>,
        rest: &'static str,
        url: String,
    ) -> Option<Self> {
        let here = format!("{ROOT}/requests/{}", row.id);
        Some(Self {
            verb: verb.to_owned(),
            value: value.map(str::to_owned),
            rest,
            url: with_return(&url, Some(&here)),
            plain_url: url,
        })
    }

    /// All words on the button.
    pub fn words(&self) -> String {
        let value = self.value.as_ref().map(|value| format!(" {value}"));
        format!("{}{}{}", self.verb, value.unwrap_or_default(), self.rest)
    }
}

/// What ends an error now; `None` when no setting does, or it is ended already.
pub fn fix(
    reason: Reason,
    row: &ListRow,
    finding: &FindingRow,
    settings: &CompanySettings,
) -> Option<Fix> {
    let value = finding.value.as_deref().unwrap_or_default();
    let info = |kind: &str, label: &str| {
        let label = segment(label);
        format!("/settings/company-info/{kind}/{label}/activation")
    };
    let new = |kind: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("label", value.trim()).finish();
        format!("/settings/company-info/{kind}/new?{query}")
    };
    match reason {
        Reason::ProfileNotComplete | Reason::Deactivated => {
            let found = find_employee(finding, settings)?;
            let name = row.employee_name.as_deref().unwrap_or("the employee");
            let (verb, path) = match found.status {
                ProfileStatus::Active => return None,
                ProfileStatus::Deactivated => ("Reactivate", "reactivation"),
                ProfileStatus::PendingReview
                | ProfileStatus::Confirmed
                | ProfileStatus::Unapproved => ("Approve", "approval"),
            };
            let url = format!("/settings/employees/{}/{path}", found.id);
            Fix::new(row, &format!("{verb} {name}"), None, "", url)
        }
        Reason::EmployeeUnknown => {
            if find_employee(finding, settings).is_some() {
                return None;
            }
            let field = match is_email(finding) {
                true => "email",
                false => "custom_id",
            };
            let mut query = form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair(field, value.trim()).finish();
            let url = format!("/settings/employees/new?{query}");
            Fix::new(row, "Add this employee", None, "", url)
        }
        Reason::ChannelUnknown | Reason::ChannelNotEnabled | Reason::ChannelManual => {
            match settings.channel(value) {
                None => {
                    // What asks for it must be able to use it.
                    let integrated = match row.environment == Environment::Production.number() {
                        true => "&integrated=yes",
                        false => "",
                    };
                    let url = new("channels") + integrated;
                    Fix::new(row, "Add", Some(value), " as a channel", url)
                }
                Some(channel) if !channel.enabled => {
                    let url = info("channels", &channel.label);
                    Fix::new(row, "Enable", Some(&channel.label), "", url)
                }
                Some(channel)
                    if !channel.integrated
                        && row.environment == Environment::Production.number() =>
                {
                    let label = segment(&channel.label);
                    let url = format!("/settings/integrations/channels/{label}/integration");
                    Fix::new(row, "Switch", Some(&channel.label), " to integrated", url)
                }
                Some(_) => None,
            }
        }
        Reason::BrandUnknown | Reason::BrandInactive => match settings.brand(value) {
            None => Fix::new(row, "Add", Some(value), " as a brand", new("brands")),
            Some(brand) if !brand.active => {
                let url = info("brands", &brand.label);
                Fix::new(row, "Activate", Some(&brand.label), "", url)
            }
            Some(_) => None,
        },
        Reason::LanguageUnknown | Reason::LanguageInactive => match settings.language(value) {
            None => Fix::new(row, "Add", Some(value), " as a language", new("languages")),
            Some(language) if !language.active => {
                let url = info("languages", &language.label);
                Fix::new(row, "Activate", Some(&language.label), "", url)
            }
            Some(_) => None,
        },
        Reason::EmployeeNotSent
        | Reason::CustomerEmailMissing
        | Reason::CustomerEmailFormat
        | Reason::CustomerNameFormat
        | Reason::BrandNotProvided
        | Reason::LanguageNotSpecified
        | Reason::NotJson
        | Reason::TooLarge
        | Reason::WrongType
        | Reason::Missing => None,
    }
}

fn is_email(finding: &FindingRow) -> bool {
    finding.pointer == "/employee/email"
}

fn find_employee(finding: &FindingRow, settings: &CompanySettings) -> Option<EmployeeMatch> {
    let value = finding.value.as_deref()?;
    match is_email(finding) {
        true => settings.employees.by_email(value),
        false => settings.employees.by_custom_id(value),
    }
}

/// The pages that sentences name, the longer names first.
const PLACES: [(&str, &str); 5] = [
    (
        "Settings > Integrations > Integrated Channels",
        "/settings/integrations#channels",
    ),
    (
        "Settings > Company Info > Channels",
        "/settings/company-info#channels",
    ),
    (
        "Settings > Company Info > Brands",
        "/settings/company-info#brands",
    ),
    (
        "Settings > Company Info > Languages",
        "/settings/company-info#languages",
    ),
    ("Settings > Employees", "/settings/employees"),
];

impl Linked {
    /// Makes links of the pages that a sentence names.
    pub fn new(sentence: &'static str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = sentence;
        while let Some((at, name, url)) = PLACES
            .iter()
            .filter_map(|(name, url)| Some((rest.find(name)?, *name, *url)))
            .min_by_key(|(at, ..)| *at)
        {
            pieces.push((&rest[..at], None));
            pieces.push((&rest[at..at + name.len()], Some(url)));
            rest = &rest[at + name.len()..];
        }
        pieces.push((rest, None));
        Self(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_leads_to_the_pages_that_it_names() {
        let Linked(pieces) = Linked::new(Reason::ChannelManual.next_step());
        assert_eq!(
            pieces,
            [
                ("Switch the channel to integrated under ", None),
                (
                    "Settings > Integrations > Integrated Channels",
                    Some("/settings/integrations#channels")
                ),
                (".", None),
            ]
        );
        let sentence = Reason::BrandNotProvided.next_step();
        assert_eq!(Linked::new(sentence).0, [(sentence, None)]);
    }

    #[test]
    fn whatever_sentences_say_about_settings_is_a_link() {
        for reason in Reason::ALL {
            for (piece, url) in Linked::new(reason.next_step()).0 {
                assert!(url.is_some() || !piece.contains("Settings"), "{piece}");
            }
            for step in reason.code().entry().admin_steps {
                // The dictionary names a section by the page it is on.
                for (piece, url) in Linked::new(step).0 {
                    assert!(url.is_some() || !piece.contains("Settings"), "{piece}");
                }
            }
        }
    }
}
