//! The error dictionary: for every error its code, its title, what happened, who ends it and how.
//! Whatever the product says about an error, in an answer or on a page, it says from here. What only
//! the public page of an error says is in `entry`, the bodies to compare with are in `example`.

mod entry;
mod example;

use std::str::FromStr;

pub use entry::Entry;
pub use example::GOOD_BODY;

/// The errors a request can have, in rule order. Ten of the Requests API, and *malformed request*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// Found, but the profile is not complete and approved.
    EmployeeProfileNotComplete,
    /// Found, but deactivated.
    DeactivatedEmployee,
    /// Nobody has that e-mail or custom id, or neither was sent.
    EmployeeNotFound,
    /// The format of the customer's name or e-mail.
    InvalidCustomer,
    /// Unknown to the company, or known and not enabled.
    ChannelNotEnabled,
    /// Production only: enabled, but not switched to integrated.
    ChannelInManualMode,
    /// Several active brands, none named.
    BrandNotProvided,
    /// The label matches no brand, or an inactive one.
    InvalidBrand,
    /// Several active languages, none named.
    LanguageNotSpecified,
    /// Not set up for the company, or inactive.
    LanguageNotAvailable,
    /// No JSON object, or a field that cannot be read.
    MalformedRequest,
}

/// Who can end an error of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndedBy {
    /// An admin, in the settings.
    Admin,
    /// The sender, by changing the request.
    Sender,
    /// One or the other, depending on what was meant.
    Either,
}

impl EndedBy {
    /// All, in the order of the legend.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Sender, Self::Either];

    /// The stable name in answers and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Sender => "sender",
            Self::Either => "either",
        }
    }

    /// The heading of the legend's group.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Admin => "Fix it in settings",
            Self::Sender => "The sender must change the request",
            Self::Either => "Either",
        }
    }

    /// Who it is, in the middle of a sentence.
    pub fn who(self) -> &'static str {
        match self {
            Self::Admin => "an admin, in settings",
            Self::Sender => "the sender",
            Self::Either => "an admin or the sender",
        }
    }
}

/// What exactly happened: an error and its variant, as one value, so that no pair is impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The profile waits for completion or approval.
    ProfileNotComplete,
    /// The employee was deactivated.
    Deactivated,
    /// Nobody has the e-mail or custom id sent.
    EmployeeUnknown,
    /// Neither e-mail nor custom id was sent.
    EmployeeNotSent,
    /// No customer e-mail, and `do_not_send` is not set.
    CustomerEmailMissing,
    /// The customer's e-mail is not one mailbox.
    CustomerEmailFormat,
    /// The customer's name is not a name.
    CustomerNameFormat,
    /// The company has no such channel.
    ChannelUnknown,
    /// The channel is there, switched off.
    ChannelNotEnabled,
    /// The channel is enabled in manual mode.
    ChannelManual,
    /// No brand named, several active.
    BrandNotProvided,
    /// No such brand.
    BrandUnknown,
    /// The brand is there, inactive.
    BrandInactive,
    /// No language named, several active.
    LanguageNotSpecified,
    /// No such language.
    LanguageUnknown,
    /// The language is there, inactive.
    LanguageInactive,
    /// No JSON object.
    NotJson,
    /// Over the size limit.
    TooLarge,
    /// A field of another type than documented.
    WrongType,
    /// A required field is missing.
    Missing,
}

impl Reason {
    /// All, in rule order.
    pub const ALL: [Self; 20] = [
        Self::ProfileNotComplete,
        Self::Deactivated,
        Self::EmployeeUnknown,
        Self::EmployeeNotSent,
        Self::CustomerEmailMissing,
        Self::CustomerEmailFormat,
        Self::CustomerNameFormat,
        Self::ChannelUnknown,
        Self::ChannelNotEnabled,
        Self::ChannelManual,
        Self::BrandNotProvided,
        Self::BrandUnknown,
        Self::BrandInactive,
        Self::LanguageNotSpecified,
        Self::LanguageUnknown,
        Self::LanguageInactive,
        Self::NotJson,
        Self::TooLarge,
        Self::WrongType,
        Self::Missing,
    ];

    /// The error it is a variant of.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::ProfileNotComplete => ErrorCode::EmployeeProfileNotComplete,
            Self::Deactivated => ErrorCode::DeactivatedEmployee,
            Self::EmployeeUnknown | Self::EmployeeNotSent => ErrorCode::EmployeeNotFound,
            Self::CustomerEmailMissing | Self::CustomerEmailFormat | Self::CustomerNameFormat => {
                ErrorCode::InvalidCustomer
            }
            Self::ChannelUnknown | Self::ChannelNotEnabled => ErrorCode::ChannelNotEnabled,
            Self::ChannelManual => ErrorCode::ChannelInManualMode,
            Self::BrandNotProvided => ErrorCode::BrandNotProvided,
            Self::BrandUnknown | Self::BrandInactive => ErrorCode::InvalidBrand,
            Self::LanguageNotSpecified => ErrorCode::LanguageNotSpecified,
            Self::LanguageUnknown | Self::LanguageInactive => ErrorCode::LanguageNotAvailable,
            Self::NotJson | Self::TooLarge | Self::WrongType | Self::Missing => {
                ErrorCode::MalformedRequest
            }
        }
    }

    /// The name of the variant; `None` for an error that has only one.
    pub fn variant(self) -> Option<&'static str> {
        match self {
            Self::ProfileNotComplete
            | Self::Deactivated
            | Self::ChannelManual
            | Self::BrandNotProvided
            | Self::LanguageNotSpecified => None,
            Self::EmployeeUnknown
            | Self::ChannelUnknown
            | Self::BrandUnknown
            | Self::LanguageUnknown => Some("unknown"),
            Self::EmployeeNotSent => Some("not_sent"),
            Self::CustomerEmailMissing => Some("email_missing"),
            Self::CustomerEmailFormat => Some("email_format"),
            Self::CustomerNameFormat => Some("name_format"),
            Self::ChannelNotEnabled => Some("not_enabled"),
            Self::BrandInactive | Self::LanguageInactive => Some("inactive"),
            Self::NotJson => Some("not_json"),
            Self::TooLarge => Some("too_large"),
            Self::WrongType => Some("wrong_type"),
            Self::Missing => Some("missing"),
        }
    }

    /// The error and its variant in a word, such as `invalid_brand.inactive`.
    pub fn name(self) -> String {
        let code = self.code().as_str();
        match self.variant() {
            Some(variant) => format!("{code}.{variant}"),
            None => code.to_owned(),
        }
    }

    /// Reads such a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The number in the store. Never reused, never renumbered.
    pub fn number(self) -> i16 {
        match self {
            Self::ProfileNotComplete => 10,
            Self::Deactivated => 20,
            Self::EmployeeUnknown => 30,
            Self::EmployeeNotSent => 31,
            Self::CustomerEmailMissing => 40,
            Self::CustomerEmailFormat => 41,
            Self::CustomerNameFormat => 42,
            Self::ChannelUnknown => 50,
            Self::ChannelNotEnabled => 51,
            Self::ChannelManual => 60,
            Self::BrandNotProvided => 70,
            Self::BrandUnknown => 80,
            Self::BrandInactive => 81,
            Self::LanguageNotSpecified => 90,
            Self::LanguageUnknown => 100,
            Self::LanguageInactive => 101,
            Self::NotJson => 110,
            Self::TooLarge => 111,
            Self::WrongType => 112,
            Self::Missing => 113,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.number() == number)
    }

    /// Who ends exactly this. Colour, button and words follow it.
    pub fn ended_by(self) -> EndedBy {
        match self {
            Self::ProfileNotComplete
            | Self::Deactivated
            | Self::ChannelUnknown
            | Self::ChannelNotEnabled
            | Self::ChannelManual
            | Self::BrandInactive
            | Self::LanguageInactive => EndedBy::Admin,
            Self::EmployeeUnknown => EndedBy::Either,
            Self::EmployeeNotSent
            | Self::CustomerEmailMissing
            | Self::CustomerEmailFormat
            | Self::CustomerNameFormat
            | Self::BrandNotProvided
            | Self::BrandUnknown
            | Self::LanguageNotSpecified
            | Self::LanguageUnknown
            | Self::NotJson
            | Self::TooLarge
            | Self::WrongType
            | Self::Missing => EndedBy::Sender,
        }
    }

    /// What happened, in one plain sentence without a value.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ProfileNotComplete => "The employee's profile is not complete and approved.",
            Self::Deactivated => "The employee is deactivated.",
            Self::EmployeeUnknown => "Nobody has this e-mail or custom id.",
            Self::EmployeeNotSent => "Neither the employee's e-mail nor a custom id was sent.",
            Self::CustomerEmailMissing => "The customer's e-mail is missing.",
            Self::CustomerEmailFormat => "The customer's e-mail is not one valid mailbox.",
            Self::CustomerNameFormat => "The customer's name is not a valid name.",
            Self::ChannelUnknown => "The company has no channel of this name.",
            Self::ChannelNotEnabled => "The channel is known but not enabled.",
            Self::ChannelManual => "The channel is enabled but in manual mode.",
            Self::BrandNotProvided => {
                "The company has several active brands and the request names none."
            }
            Self::BrandUnknown => "The label matches no brand.",
            Self::BrandInactive => "The brand was found but is not active.",
            Self::LanguageNotSpecified => {
                "The company has several active languages and the request names none."
            }
            Self::LanguageUnknown => "The language is not set up for the company.",
            Self::LanguageInactive => "The language was found but is not active.",
            Self::NotJson => "The body is not a JSON object.",
            Self::TooLarge => "The body is larger than 256 KiB.",
            Self::WrongType => "A field has another type than documented.",
            Self::Missing => "A required field is missing.",
        }
    }

    /// The next step, in one sentence, for the person who can end it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::ProfileNotComplete => {
                "Complete the profile and approve it under Settings > Employees."
            }
            Self::Deactivated => {
                "Reactivate the employee under Settings > Employees, or stop sending requests for them."
            }
            Self::EmployeeUnknown => {
                "Send the e-mail or custom id of an employee, or add the employee under Settings > Employees."
            }
            Self::EmployeeNotSent => "Send employee.email or employee.custom_id.",
            Self::CustomerEmailMissing => {
                "Send customer.email, or set do_not_send to true to count the interaction only."
            }
            Self::CustomerEmailFormat => {
                "Send one plain address such as jane@acme.example: no display name, quotes or second address."
            }
            Self::CustomerNameFormat => {
                "Send a name of 1 to 255 characters without < or >, without control characters and without a web address."
            }
            Self::ChannelUnknown => {
                "Add the channel under Settings > Company Info > Channels, or send one that is enabled."
            }
            Self::ChannelNotEnabled => {
                "Enable the channel under Settings > Company Info > Channels, then confirm that its consumer experience has the copy you want."
            }
            Self::ChannelManual => {
                "Switch the channel to integrated under Settings > Integrations > Integrated Channels."
            }
            Self::BrandNotProvided => "Send brand with the label of an active brand.",
            Self::BrandUnknown => {
                "Send the label of an active brand, or add this one under Settings > Company Info > Brands."
            }
            Self::BrandInactive => {
                "Activate the brand under Settings > Company Info > Brands, or stop sending it."
            }
            Self::LanguageNotSpecified => "Send language with the tag of an active language.",
            Self::LanguageUnknown => {
                "Send an active language (en-US does not match en), or add this one under Settings > Company Info > Languages."
            }
            Self::LanguageInactive => {
                "Activate the language under Settings > Company Info > Languages, or send another."
            }
            Self::NotJson => "Send one JSON object, encoded as UTF-8.",
            Self::TooLarge => "Send a body of at most 256 KiB.",
            Self::WrongType => "Send the field as it is documented.",
            Self::Missing => "Send the field; only channel is required by the schema.",
        }
    }
}

impl ErrorCode {
    /// All, in rule order.
    pub const ALL: [Self; 11] = [
        Self::EmployeeProfileNotComplete,
        Self::DeactivatedEmployee,
        Self::EmployeeNotFound,
        Self::InvalidCustomer,
        Self::ChannelNotEnabled,
        Self::ChannelInManualMode,
        Self::BrandNotProvided,
        Self::InvalidBrand,
        Self::LanguageNotSpecified,
        Self::LanguageNotAvailable,
        Self::MalformedRequest,
    ];

    /// The stable name in answers and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmployeeProfileNotComplete => "employee_profile_not_complete",
            Self::DeactivatedEmployee => "deactivated_employee",
            Self::EmployeeNotFound => "employee_not_found",
            Self::InvalidCustomer => "invalid_customer",
            Self::ChannelNotEnabled => "channel_not_enabled",
            Self::ChannelInManualMode => "channel_in_manual_mode",
            Self::BrandNotProvided => "brand_not_provided",
            Self::InvalidBrand => "invalid_brand",
            Self::LanguageNotSpecified => "language_not_specified",
            Self::LanguageNotAvailable => "language_not_available",
            Self::MalformedRequest => "malformed_request",
        }
    }

    /// The words on the page and in answers.
    pub fn title(self) -> &'static str {
        match self {
            Self::EmployeeProfileNotComplete => "Employee profile not complete",
            Self::DeactivatedEmployee => "Deactivated employee",
            Self::EmployeeNotFound => "Employee not found",
            Self::InvalidCustomer => "Invalid customer",
            Self::ChannelNotEnabled => "Channel not enabled for company",
            Self::ChannelInManualMode => "Channel is in manual mode",
            Self::BrandNotProvided => "Brand signifier not provided",
            Self::InvalidBrand => "Invalid/inactive brand signifier",
            Self::LanguageNotSpecified => "Language not specified",
            Self::LanguageNotAvailable => "Language not available/active",
            Self::MalformedRequest => "Malformed request",
        }
    }

    /// What happened, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::EmployeeProfileNotComplete => "Known, but not complete and approved.",
            Self::DeactivatedEmployee => "Known, but deactivated.",
            Self::EmployeeNotFound => "Nobody has this e-mail or custom id.",
            Self::InvalidCustomer => "Name or e-mail is malformed.",
            Self::ChannelNotEnabled => "Unknown, or known and not enabled.",
            Self::ChannelInManualMode => "Enabled, but not yet integrated.",
            Self::BrandNotProvided => "Several brands, none named.",
            Self::InvalidBrand => "Matches no brand, or an inactive one.",
            Self::LanguageNotSpecified => "Several languages, none named.",
            Self::LanguageNotAvailable => "Not set up, or set up and inactive.",
            Self::MalformedRequest => "Not JSON, or a field of the wrong shape.",
        }
    }

    /// Its bit in a request's error mask, the first rule lowest.
    pub fn bit(self) -> i16 {
        1 << (self as i16)
    }

    /// Who can end it: the group of the legend.
    pub fn ended_by(self) -> EndedBy {
        match self {
            Self::EmployeeProfileNotComplete
            | Self::DeactivatedEmployee
            | Self::ChannelNotEnabled
            | Self::ChannelInManualMode => EndedBy::Admin,
            Self::InvalidCustomer
            | Self::BrandNotProvided
            | Self::LanguageNotSpecified
            | Self::MalformedRequest => EndedBy::Sender,
            Self::EmployeeNotFound | Self::InvalidBrand | Self::LanguageNotAvailable => {
                EndedBy::Either
            }
        }
    }

    /// Its reasons, in rule order.
    pub fn reasons(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |r| r.code() == self)
    }
}

impl FromStr for ErrorCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{body, validate, warning};
    use super::*;

    #[test]
    fn numbers_in_words_are_those_of_the_rules() {
        let size = format!("{} KiB", body::MAX_BYTES / 1024);
        let name = format!("1 to {} characters", validate::MAX_NAME_CHARS);
        let tags = format!("the first {} are kept", body::MAX_TAGS);
        let text = format!("over {},000 characters", body::MAX_TEXT_CHARS / 1000);
        let kinds = warning::KINDS.into_iter();
        let kind = |code| kinds.clone().find(|(known, _)| *known == code).unwrap().1;
        for (words, number) in [
            (Reason::TooLarge.sentence(), &size),
            (Reason::TooLarge.next_step(), &size),
            (ErrorCode::MalformedRequest.entry().explanation, &size),
            (Reason::CustomerNameFormat.next_step(), &name),
            (ErrorCode::InvalidCustomer.entry().explanation, &name),
            (kind("too_many_tags"), &tags),
            (kind("cut"), &text),
        ] {
            assert!(words.contains(number), "{number}: {words}");
        }
    }

    #[test]
    fn every_error_has_its_own_bit_and_the_mask_holds_all() {
        let all = ErrorCode::ALL.iter().fold(0, |mask, c| {
            assert_eq!(mask & c.bit(), 0);
            mask | c.bit()
        });
        assert_eq!(all, 0b111_1111_1111);
    }

    #[test]
    fn every_reason_is_read_back_and_belongs_to_an_error() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_number(reason.number()), Some(reason));
            assert!(reason.code().reasons().any(|r| r == reason));
        }
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
    }
}
