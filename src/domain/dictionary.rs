//! The error dictionary: for every error its code, its title, what happened, who ends it and how.
//! Whatever the product says about an error, in an answer or on a page, it says from here.

use std::str::FromStr;

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

/// What the dictionary page of an error says, beyond what its reasons say.
#[derive(Debug)]
pub struct Entry {
    /// What happened, for anyone.
    pub explanation: &'static str,
    /// What an admin does, step by step; empty where an admin can do nothing.
    pub admin_steps: &'static [&'static str],
    /// What the sender does, step by step; empty where the sender can do nothing.
    pub sender_steps: &'static [&'static str],
    /// A body that raises it.
    pub bad_body: &'static str,
    /// The same body, accepted.
    pub good_body: &'static str,
    /// Whether sending the same request again can help.
    pub retry: &'static str,
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

    /// The errors in a mask, in rule order.
    pub fn in_mask(mask: i16) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |c| mask & c.bit() != 0)
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

    /// What its dictionary page says.
    pub fn entry(self) -> &'static Entry {
        match self {
            Self::EmployeeProfileNotComplete => &Entry {
                explanation: "The request names an employee who exists, but whose profile is not \
                    complete and approved: it is Pending Review, Confirmed or Unapproved. Feedback \
                    is asked for employees with an active profile only.",
                admin_steps: &[
                    "Open Settings > Employees and look the employee up by e-mail or custom id.",
                    "Complete what is missing in the profile.",
                    "Approve the profile. The next request for this employee passes.",
                ],
                sender_steps: &[],
                bad_body: r#"{"employee": {"email": "chen.wei@larkspur.example"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"email": "ada.osei@larkspur.example"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, unchanged, once the profile is approved.",
            },
            Self::DeactivatedEmployee => &Entry {
                explanation: "The request names an employee who was deactivated, usually because \
                    they left. The employee must be reactivated before feedback can be asked for \
                    them again.",
                admin_steps: &[
                    "Open Settings > Employees and look the employee up.",
                    "If they still work here, reactivate the profile.",
                    "If they left, ask the team that runs the helpdesk why tickets still carry their name.",
                ],
                sender_steps: &["Stop sending requests for people who left."],
                bad_body: r#"{"employee": {"email": "ben.ruiz@larkspur.example"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"email": "ada.osei@larkspur.example"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, unchanged, once the employee is reactivated.",
            },
            Self::EmployeeNotFound => &Entry {
                explanation: "No employee of the company has the e-mail or the custom id in the \
                    request, or the request carried neither. E-mails are compared regardless of \
                    case, custom ids exactly. When both are sent, the e-mail is tried first.",
                admin_steps: &[
                    "Compare the value sent with the employee's entry under Settings > Employees.",
                    "If the person is missing, add them; if the e-mail changed, correct it.",
                ],
                sender_steps: &[
                    "Send employee.email or employee.custom_id, exactly as the company has it.",
                    "Look at your template: an empty placeholder arrives as no employee at all.",
                ],
                bad_body: r#"{"employee": {"email": "paul.new@larkspur.example"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, once the employee is added; else only after changing the request.",
            },
            Self::InvalidCustomer => &Entry {
                explanation: "The customer's e-mail is missing or is not one plain mailbox, or the \
                    customer's name is not a name. The e-mail is needed unless do_not_send is set; \
                    the name is optional. A name has 1 to 255 characters, no control characters, \
                    no < or >, and is no web address.",
                admin_steps: &[],
                sender_steps: &[
                    "Send customer.email as one address: no display name, no quotes, a dot in the domain.",
                    "Leave customer.name out when there is no name.",
                    "Set do_not_send to true for an interaction without a customer to ask.",
                ],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@@acme"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"name": "Jane", "email": "jane@acme.example"}}"#,
                retry: "No. The same request fails again until it is changed.",
            },
            Self::ChannelNotEnabled => &Entry {
                explanation: "The company does not know the channel in the request, or knows it \
                    and has not enabled it.",
                admin_steps: &[
                    "Open Settings > Company Info > Channels.",
                    "Enable the channel, or add it first if it is missing.",
                    "Confirm that the consumer experience of the channel has the copy you want.",
                ],
                sender_steps: &["If the name is a slip, send the name of an enabled channel."],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "sms", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "chat", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, unchanged, once the channel is enabled.",
            },
            Self::ChannelInManualMode => &Entry {
                explanation: "The channel is enabled, but in manual mode: requests through the API \
                    are refused until it is switched to integrated. This error comes with \
                    production keys only, so that an integration can be tested first.",
                admin_steps: &[
                    "Open Settings > Integrations > Integrated Channels.",
                    "Switch the channel from manual to integrated.",
                ],
                sender_steps: &[],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "phone", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, unchanged, once the channel is integrated.",
            },
            Self::BrandNotProvided => &Entry {
                explanation: "The company has several active brands and the request names none, so \
                    it cannot be known in whose name the customer would be asked.",
                admin_steps: &[],
                sender_steps: &[
                    "Send brand with the label of an active brand.",
                    "Look at your template: an empty placeholder counts as not sent.",
                ],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "No. The same request fails again until it names a brand.",
            },
            Self::InvalidBrand => &Entry {
                explanation: "The label in the request matches no brand of the company, or it \
                    matches a brand that is not active. Labels are compared regardless of case, \
                    and _ counts as -.",
                admin_steps: &[
                    "Open Settings > Company Info > Brands.",
                    "If the brand is there and inactive, activate it.",
                    "If it is missing and right, add it with exactly this label.",
                ],
                sender_steps: &[
                    "Send the label of an active brand; the answer suggests a close one.",
                ],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur-outlet", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, once the brand is active; else only after changing the request.",
            },
            Self::LanguageNotSpecified => &Entry {
                explanation: "The company has several active languages and the request names none, \
                    so it cannot be known in which one the customer would be asked.",
                admin_steps: &[],
                sender_steps: &[
                    "Send language with the tag of an active language, such as en or fr-CA.",
                    "Look at your template: an empty placeholder counts as not sent.",
                ],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "No. The same request fails again until it names a language.",
            },
            Self::LanguageNotAvailable => &Entry {
                explanation: "The language in the request is not set up for the company, or it is \
                    set up and not active. A tag with a region is another language than the one \
                    without: en-US does not match en.",
                admin_steps: &[
                    "Open Settings > Company Info > Languages.",
                    "If the language is there and inactive, activate it.",
                    "If it is missing and wanted, add its tag.",
                ],
                sender_steps: &[
                    "Send the tag of an active language; the answer suggests a close one.",
                ],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en-US", "customer": {"email": "jane@acme.example"}}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "Yes, once the language is active; else only after changing the request.",
            },
            Self::MalformedRequest => &Entry {
                explanation: "The body is no JSON object, is larger than 256 KiB, lacks the \
                    channel, or holds an array or object where a single value is due (or the \
                    reverse). Each field that cannot be read is named; all others are checked as \
                    usual.",
                admin_steps: &[],
                sender_steps: &[
                    "Run the body through a JSON validator: a missing comma is the usual cause.",
                    "Send channel; send customer and employee as objects, tags as an array.",
                    "Keep custom_properties at one level: texts only, no objects inside.",
                ],
                bad_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": "jane@acme.example"}"#,
                good_body: r#"{"employee": {"custom_id": "L-1001"}, "channel": "email", "brand": "larkspur", "language": "en", "customer": {"email": "jane@acme.example"}}"#,
                retry: "No. The same request fails again until it is changed.",
            },
        }
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
    use super::*;

    #[test]
    fn every_error_has_its_own_bit_and_the_mask_holds_all() {
        let all = ErrorCode::ALL.iter().fold(0, |mask, c| {
            assert_eq!(mask & c.bit(), 0);
            mask | c.bit()
        });
        assert_eq!(all, 0b111_1111_1111);
        assert!(ErrorCode::in_mask(all).eq(ErrorCode::ALL));
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

    #[test]
    fn every_entry_is_complete() {
        for code in ErrorCode::ALL {
            let entry = code.entry();
            assert!(entry.explanation.ends_with('.'), "{code:?}");
            assert!(entry.retry.ends_with('.'), "{code:?}");
            assert!(
                !(entry.admin_steps.is_empty() && entry.sender_steps.is_empty()),
                "{code:?}"
            );
            let admin_can = code.ended_by() != EndedBy::Sender;
            assert_eq!(!entry.admin_steps.is_empty(), admin_can, "{code:?}");
        }
    }
}
