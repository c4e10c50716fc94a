//! What the public page of each error says, beyond what its reasons say.

use super::ErrorCode;

/// What the dictionary page of an error says, beyond what its reasons say.
#[derive(Debug)]
pub struct Entry {
    /// What happened, for anyone.
    pub explanation: &'static str,
    /// What an admin does, step by step; empty where an admin can do nothing.
    pub admin_steps: &'static [&'static str],
    /// What the sender does, step by step, if only to wait for the admin.
    pub sender_steps: &'static [&'static str],
    /// Whether sending the same request again can help.
    pub retry: &'static str,
}

impl ErrorCode {
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
                sender_steps: &[
                    "Leave the request as it is: an admin of the company has to approve the profile.",
                    "Send it again when that is done.",
                ],
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
                sender_steps: &[
                    "Stop sending requests for people who left.",
                    "If they still work there, ask an admin of the company to reactivate them.",
                ],
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
                sender_steps: &[
                    "Leave the request as it is: an admin of the company has to switch the channel.",
                    "Until then try with a test key, which does not raise this error.",
                ],
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
                retry: "No. The same request fails again until it is changed.",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::EndedBy;
    use super::*;

    #[test]
    fn every_entry_is_complete() {
        for code in ErrorCode::ALL {
            let entry = code.entry();
            assert!(entry.explanation.ends_with('.'), "{code:?}");
            assert!(entry.retry.ends_with('.'), "{code:?}");
            let admin_can = code.ended_by() != EndedBy::Sender;
            assert_eq!(!entry.admin_steps.is_empty(), admin_can, "{code:?}");
            assert!(!entry.sender_steps.is_empty(), "{code:?}");
            let steps = entry.admin_steps.iter().chain(entry.sender_steps);
            for step in steps {
                assert!(step.ends_with('.'), "{code:?}: {step}");
            }
        }
    }
}
