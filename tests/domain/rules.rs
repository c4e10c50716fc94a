//! Each error and variant, then each choice that the rules make.

use api_status_page::domain::body::Body;
use api_status_page::domain::dictionary::{EndedBy, ErrorCode, GOOD_BODY, Reason};
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::settings::ProfileStatus;
use api_status_page::domain::validate::{Aspect, Finding, Outcome, validate};
use serde_json::json;

use super::company::{ADA, BEN, CHEN, Call, Company, judge, reasons};

/// A finding as reason, pointer and value.
fn told(finding: &Finding) -> (Reason, &str, Option<&str>) {
    (finding.reason, &finding.pointer, finding.value.as_deref())
}

#[test]
fn a_request_without_a_fault_has_no_findings() {
    let judgement = Call::accepted().judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.error_mask, 0);
    assert!(judgement.warnings.is_empty(), "{:?}", judgement.warnings);
    assert_eq!(judgement.employee, Some(ADA));
    assert_eq!(judgement.channel.as_deref(), Some("email"));
    assert_eq!(judgement.brand.as_deref(), Some("larkspur"));
    assert_eq!(judgement.language.as_deref(), Some("en"));
}

#[test]
fn the_titles_are_those_of_the_page() {
    let titles = ErrorCode::ALL.map(|code| (code.as_str(), code.title()));
    let expected = [
        (
            "employee_profile_not_complete",
            "Employee profile not complete",
        ),
        ("deactivated_employee", "Deactivated employee"),
        ("employee_not_found", "Employee not found"),
        ("invalid_customer", "Invalid customer"),
        ("channel_not_enabled", "Channel not enabled for company"),
        ("channel_in_manual_mode", "Channel is in manual mode"),
        ("brand_not_provided", "Brand signifier not provided"),
        ("invalid_brand", "Invalid/inactive brand signifier"),
        ("language_not_specified", "Language not specified"),
        ("language_not_available", "Language not available/active"),
        ("malformed_request", "Malformed request"),
    ];
    assert_eq!(titles, expected);
}

#[test]
fn the_variants_are_those_of_the_dictionary() {
    let variants =
        |code: ErrorCode| -> Vec<_> { code.reasons().filter_map(Reason::variant).collect() };
    let with_variants = ErrorCode::ALL.map(variants);
    let expected: [&[&str]; 11] = [
        &[],
        &[],
        &["unknown", "not_sent"],
        &["email_missing", "email_format", "name_format"],
        &["unknown", "not_enabled"],
        &[],
        &[],
        &["unknown", "inactive"],
        &[],
        &["unknown", "inactive"],
        &["not_json", "too_large", "wrong_type", "missing"],
    ];
    assert_eq!(with_variants.each_ref().map(|v| &v[..]), expected);
}

// Each error and variant

#[test]
fn an_employee_who_waits_for_approval_has_no_complete_profile() {
    let chen = "chen.wei@larkspur.example";
    let finding = Call::accepted()
        .employee(json!({"email": chen}))
        .only_finding();
    assert_eq!(
        told(&finding),
        (Reason::ProfileNotComplete, "/employee/email", Some(chen))
    );
}

#[test]
fn a_profile_is_complete_only_when_it_is_active() {
    for status in ProfileStatus::ALL {
        let company = Company::plain().employee(7, "zoe@larkspur.example", "L-7", status);
        let call = Call::accepted().without("brand").without("language");
        let found = call
            .employee(json!({"custom_id": "L-7"}))
            .reasons_at(company);
        let expected: &[Reason] = match status {
            ProfileStatus::Active => &[],
            ProfileStatus::Deactivated => &[Reason::Deactivated],
            _ => &[Reason::ProfileNotComplete],
        };
        assert_eq!(found, expected, "{status:?}");
    }
}

#[test]
fn a_deactivated_employee_is_refused() {
    let ben = "ben.ruiz@larkspur.example";
    let finding = Call::accepted()
        .employee(json!({"email": ben}))
        .only_finding();
    assert_eq!(
        told(&finding),
        (Reason::Deactivated, "/employee/email", Some(ben))
    );
}

#[test]
fn an_unknown_employee_is_shown_by_the_email_sent() {
    let sent = json!({"email": "paul.new@larkspur.example", "custom_id": "L-9"});
    let finding = Call::accepted().employee(sent).only_finding();
    let email = Some("paul.new@larkspur.example");
    assert_eq!(
        told(&finding),
        (Reason::EmployeeUnknown, "/employee/email", email)
    );
}

#[test]
fn an_unknown_employee_without_email_is_shown_by_the_custom_id() {
    let finding = Call::accepted()
        .employee(json!({"custom_id": "L-9"}))
        .only_finding();
    assert_eq!(
        told(&finding),
        (Reason::EmployeeUnknown, "/employee/custom_id", Some("L-9"))
    );
}

#[test]
fn a_request_must_name_an_employee() {
    for call in [
        Call::accepted().without("employee"),
        Call::accepted().employee(json!(null)),
        Call::accepted().employee(json!({})),
        Call::accepted().employee(json!({"email": " ", "custom_id": null})),
    ] {
        let finding = call.only_finding();
        assert_eq!(told(&finding), (Reason::EmployeeNotSent, "/employee", None));
    }
}

#[test]
fn a_customer_without_email_is_refused() {
    for call in [
        Call::accepted().without("customer"),
        Call::accepted().customer(json!({"name": "Jane", "email": ""})),
    ] {
        let finding = call.only_finding();
        assert_eq!(
            told(&finding),
            (Reason::CustomerEmailMissing, "/customer/email", None)
        );
    }
}

#[test]
fn a_customer_email_that_is_no_mailbox_is_refused() {
    let finding = Call::accepted()
        .customer(json!({"email": "jane@@acme"}))
        .only_finding();
    assert_eq!(
        told(&finding),
        (
            Reason::CustomerEmailFormat,
            "/customer/email",
            Some("jane@@acme")
        )
    );
}

#[test]
fn a_customer_name_that_is_no_name_is_refused() {
    let customer = json!({"name": "<b>Jane</b>", "email": "jane@acme.example"});
    let finding = Call::accepted().customer(customer).only_finding();
    assert_eq!(
        told(&finding),
        (
            Reason::CustomerNameFormat,
            "/customer/name",
            Some("<b>Jane</b>")
        )
    );
}

#[test]
fn a_channel_unknown_to_the_company_is_refused() {
    let judgement = Call::accepted().with("channel", "fax").judgement();
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::ChannelUnknown, "/channel", Some("fax"))
    );
    assert_eq!(judgement.channel, None);
}

#[test]
fn a_channel_that_is_not_enabled_is_refused() {
    let judgement = Call::accepted().with("channel", "sms").judgement();
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::ChannelNotEnabled, "/channel", Some("sms"))
    );
    assert_eq!(judgement.channel.as_deref(), Some("sms"));
}

#[test]
fn a_channel_in_manual_mode_is_refused_with_a_production_key() {
    let finding = Call::accepted().with("channel", "phone").only_finding();
    assert_eq!(
        told(&finding),
        (Reason::ChannelManual, "/channel", Some("phone"))
    );
}

#[test]
fn a_channel_in_manual_mode_is_accepted_with_a_test_key() {
    let call = Call::accepted().with("channel", "phone").with_test_key();
    assert_eq!(call.reasons(), []);
}

#[test]
fn a_channel_that_is_off_is_refused_with_a_test_key_too() {
    let call = Call::accepted().with("channel", "sms").with_test_key();
    assert_eq!(call.reasons(), [Reason::ChannelNotEnabled]);
}

#[test]
fn a_company_with_several_active_brands_must_be_told_which() {
    let finding = Call::accepted().without("brand").only_finding();
    assert_eq!(told(&finding), (Reason::BrandNotProvided, "/brand", None));
}

#[test]
fn a_brand_nobody_knows_is_refused() {
    let judgement = Call::accepted().with("brand", "acme").judgement();
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::BrandUnknown, "/brand", Some("acme"))
    );
    assert_eq!(judgement.brand, None);
}

#[test]
fn an_inactive_brand_is_refused() {
    let judgement = Call::accepted()
        .with("brand", "Larkspur_Outlet")
        .judgement();
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::BrandInactive, "/brand", Some("Larkspur_Outlet"))
    );
    assert_eq!(judgement.brand.as_deref(), Some("larkspur-outlet"));
}

#[test]
fn a_company_with_several_active_languages_must_be_told_which() {
    let finding = Call::accepted().without("language").only_finding();
    assert_eq!(
        told(&finding),
        (Reason::LanguageNotSpecified, "/language", None)
    );
}

#[test]
fn a_language_that_is_not_set_up_is_refused() {
    let judgement = Call::accepted().with("language", "it").judgement();
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::LanguageUnknown, "/language", Some("it"))
    );
    assert_eq!(judgement.language, None);
}

#[test]
fn an_inactive_language_is_refused() {
    let judgement = Call::accepted().with("language", "DE").judgement();
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::LanguageInactive, "/language", Some("DE"))
    );
    assert_eq!(judgement.language.as_deref(), Some("de"));
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    for body in [
        "",
        "  ",
        "[]",
        "\"channel\"",
        "null",
        "7",
        "{\"channel\"",
        "channel=email",
    ] {
        let company = Company::larkspur();
        let judgement = judge(Kind::Feedback, body.as_bytes(), Environment::Test, company);
        assert_eq!(judgement.findings.len(), 1, "{body}");
        assert_eq!(
            told(&judgement.findings[0]),
            (Reason::NotJson, "", None),
            "{body}"
        );
    }
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let settings = Company::larkspur().settings();
    let body = Body::unreadable(Finding::new(Reason::TooLarge, "", None));
    let verdict = validate(Kind::Feedback, &body, &settings, Environment::Test);
    assert_eq!(reasons(&verdict.findings), [Reason::TooLarge]);
}

#[test]
fn a_request_without_channel_is_malformed() {
    for call in [
        Call::accepted().without("channel"),
        Call::accepted().with("channel", json!(null)),
        Call::accepted().with("channel", "  "),
    ] {
        assert_eq!(
            told(&call.only_finding()),
            (Reason::Missing, "/channel", None)
        );
    }
}

#[test]
fn a_field_of_the_wrong_type_is_malformed() {
    let finding = Call::accepted()
        .with("brand", json!(["larkspur"]))
        .only_finding();
    assert_eq!(told(&finding), (Reason::WrongType, "/brand", None));
    assert!(
        finding
            .detail()
            .starts_with("Due here: a single value. Sent: an array.")
    );
}

#[test]
fn nested_custom_properties_are_malformed() {
    let call = Call::accepted().with("custom_properties", json!({"order": {"id": 1}}));
    let finding = call.only_finding();
    assert_eq!(
        told(&finding),
        (Reason::WrongType, "/custom_properties/order", None)
    );
}

// Malformed requests

#[test]
fn where_there_is_no_json_object_nothing_else_is_said() {
    let judgement = judge(
        Kind::Feedback,
        b"[]",
        Environment::Production,
        Company::larkspur(),
    );
    assert_eq!(reasons(&judgement.findings), [Reason::NotJson]);
    let findings = || judgement.findings.iter().map(|f| (f.reason, &*f.pointer));
    for aspect in Aspect::ALL {
        assert_eq!(
            aspect.outcome(Kind::Feedback, findings()),
            Outcome::NotChecked
        );
    }
}

#[test]
fn every_bad_field_has_a_finding_in_pointer_order_before_the_others() {
    let call = Call::accepted()
        .with(
            "tags",
            json!(["a", [], "b", {}, "c", "d", "e", "f", "g", "h", []]),
        )
        .with("custom_properties", json!({"b": [], "a": {}}))
        .with("language", json!({}))
        .with("external_url", json!([]))
        .without("channel")
        .with("brand", "acme")
        .employee(json!({"email": "nobody@larkspur.example"}));
    let findings = call.findings();
    let told: Vec<_> = findings.iter().map(|f| (f.reason, &*f.pointer)).collect();
    let expected = [
        (Reason::Missing, "/channel"),
        (Reason::WrongType, "/custom_properties/a"),
        (Reason::WrongType, "/custom_properties/b"),
        (Reason::WrongType, "/external_url"),
        (Reason::WrongType, "/language"),
        (Reason::WrongType, "/tags/1"),
        (Reason::WrongType, "/tags/10"),
        (Reason::EmployeeUnknown, "/employee/email"),
        (Reason::BrandUnknown, "/brand"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn only_the_aspect_of_a_broken_field_is_not_checked() {
    let everything_wrong = || {
        Call::accepted()
            .employee(json!({"email": "nobody@larkspur.example"}))
            .customer(json!({"email": "jane"}))
            .with("channel", "fax")
            .with("brand", "acme")
            .with("language", "it")
    };
    let aspects = [
        ("employee", json!({"email": []}), Aspect::Employee),
        ("employee", json!({"custom_id": {}}), Aspect::Employee),
        ("employee", json!("Ada"), Aspect::Employee),
        ("customer", json!({"email": {}}), Aspect::Customer),
        ("customer", json!({"name": []}), Aspect::Customer),
        ("customer", json!([]), Aspect::Customer),
        ("channel", json!([]), Aspect::Channel),
        ("brand", json!({}), Aspect::Brand),
        ("language", json!([]), Aspect::Language),
    ];
    for (field, broken, unchecked) in aspects {
        let findings = everything_wrong().with(field, broken).findings();
        assert_eq!(findings[0].reason, Reason::WrongType);
        for aspect in Aspect::ALL {
            let told = findings.iter().map(|f| (f.reason, &*f.pointer));
            let outcome = aspect.outcome(Kind::Feedback, told);
            let expected = match aspect == unchecked {
                true => Outcome::NotChecked,
                false => Outcome::Failed,
            };
            assert_eq!(outcome, expected, "{field}, {aspect:?}");
        }
    }
}

#[test]
fn a_broken_field_that_no_rule_needs_leaves_every_aspect_checked() {
    let broken = [
        ("tags", json!("a, b")),
        ("custom_properties", json!([])),
        ("external_url", json!({})),
        ("country", json!([])),
        (
            "customer",
            json!({"email": "jane@acme.example", "custom_id": {}}),
        ),
    ];
    for (field, value) in broken {
        let findings = Call::accepted().with(field, value).findings();
        assert_eq!(reasons(&findings), [Reason::WrongType], "{field}");
        for aspect in Aspect::ALL {
            let told = findings.iter().map(|f| (f.reason, &*f.pointer));
            assert_eq!(
                aspect.outcome(Kind::Feedback, told),
                Outcome::Passed,
                "{field}"
            );
        }
    }
}

#[test]
fn whether_an_email_is_needed_is_not_judged_when_do_not_send_is_broken() {
    let call = Call::accepted()
        .without("customer")
        .with("do_not_send", json!([]));
    let findings = call.findings();
    assert_eq!(reasons(&findings), [Reason::WrongType]);
    let told = findings.iter().map(|f| (f.reason, &*f.pointer));
    assert_eq!(
        Aspect::Customer.outcome(Kind::Feedback, told),
        Outcome::NotChecked
    );
    let call = call.customer(json!({"email": "jane"}));
    assert_eq!(
        call.reasons(),
        [Reason::WrongType, Reason::CustomerEmailFormat]
    );
}

// Aspects

#[test]
fn the_aspects_are_judged_each_by_itself_in_rule_order() {
    let call = Call::accepted()
        .with("language", "it")
        .with("brand", "acme")
        .with("channel", "fax")
        .customer(json!({"email": "jane"}))
        .employee(json!({"email": "ben.ruiz@larkspur.example"}));
    let expected = [
        Reason::Deactivated,
        Reason::CustomerEmailFormat,
        Reason::ChannelUnknown,
        Reason::BrandUnknown,
        Reason::LanguageUnknown,
    ];
    assert_eq!(call.reasons(), expected);
    let mask = expected
        .iter()
        .fold(0, |mask, reason| mask | reason.code().bit());
    assert_eq!(call.judgement().error_mask, mask);
}

#[test]
fn an_aspect_has_at_most_one_error() {
    let customer = json!({"name": "<>", "email": "jane"});
    let reasons = Call::accepted().customer(customer).reasons();
    assert_eq!(reasons, [Reason::CustomerEmailFormat]);
}

// Employees

#[test]
fn an_employee_is_found_by_custom_id_when_no_email_is_sent() {
    let judgement = Call::accepted()
        .employee(json!({"custom_id": "L-1001"}))
        .judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.employee, Some(ADA));
    assert!(judgement.warnings.is_empty());
}

#[test]
fn an_employee_is_found_by_custom_id_when_nobody_has_the_email() {
    let sent = json!({"email": "ada@old.example", "custom_id": "L-1001"});
    let judgement = Call::accepted().employee(sent).judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.employee, Some(ADA));
    assert_eq!(judgement.warnings, ["employee_email_unknown"]);
}

#[test]
fn an_employee_found_by_custom_id_is_shown_by_it() {
    let sent = json!({"email": "ben@old.example", "custom_id": "L-1002"});
    let judgement = Call::accepted().employee(sent).judgement();
    assert_eq!(judgement.employee, Some(BEN));
    assert_eq!(
        told(&judgement.findings[0]),
        (Reason::Deactivated, "/employee/custom_id", Some("L-1002"))
    );
}

#[test]
fn a_deactivated_employee_beats_an_incomplete_profile() {
    // Deactivating somebody whose profile never became complete leaves one error, not two.
    let company =
        Company::larkspur().employee(7, "zoe@larkspur.example", "L-7", ProfileStatus::Deactivated);
    let call = Call::accepted().employee(json!({"email": "zoe@larkspur.example"}));
    assert_eq!(call.reasons_at(company), [Reason::Deactivated]);
    assert!(Reason::Deactivated.code() > Reason::ProfileNotComplete.code());
}

#[test]
fn the_email_wins_over_a_custom_id_of_somebody_else() {
    let sent = json!({"email": "ada.osei@larkspur.example", "custom_id": "L-1002"});
    let judgement = Call::accepted().employee(sent).judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.employee, Some(ADA));
    assert_eq!(judgement.warnings, ["employee_ambiguous"]);

    let sent = json!({"email": "chen.wei@larkspur.example", "custom_id": "L-1001"});
    let judgement = Call::accepted().employee(sent).judgement();
    assert_eq!(reasons(&judgement.findings), [Reason::ProfileNotComplete]);
    assert_eq!(judgement.employee, Some(CHEN));
    assert_eq!(judgement.warnings, ["employee_ambiguous"]);
}

#[test]
fn both_names_of_one_employee_are_no_reason_for_a_warning() {
    let sent = json!({"email": "ada.osei@larkspur.example", "custom_id": "L-1001"});
    let judgement = Call::accepted().employee(sent).judgement();
    assert_eq!(judgement.findings, []);
    assert!(judgement.warnings.is_empty());
}

#[test]
fn employee_emails_match_regardless_of_case_and_surrounding_space() {
    let sent = json!({"email": "  Ada.OSEI@Larkspur.Example "});
    let judgement = Call::accepted().employee(sent).judgement();
    assert_eq!(judgement.employee, Some(ADA));
    assert_eq!(judgement.findings, []);
}

#[test]
fn custom_ids_match_exactly_but_for_surrounding_space() {
    let found = |id: &str| {
        Call::accepted()
            .employee(json!({"custom_id": id}))
            .judgement()
            .employee
    };
    assert_eq!(found(" L-1001 "), Some(ADA));
    assert_eq!(found("l-1001"), None);
    assert_eq!(found("L_1001"), None);
    assert_eq!(found("L- 1001"), None);
}

// Customers

#[test]
fn the_customer_email_is_not_needed_when_nothing_is_sent() {
    for word in [json!(true), json!("true"), json!(" TRUE ")] {
        let call = Call::accepted()
            .without("customer")
            .with("do_not_send", word);
        assert_eq!(call.reasons(), []);
    }
    for word in [json!(false), json!("false"), json!(""), json!(null)] {
        let call = Call::accepted()
            .without("customer")
            .with("do_not_send", word);
        assert_eq!(call.reasons(), [Reason::CustomerEmailMissing]);
    }
}

#[test]
fn what_is_sent_of_a_customer_must_be_well_formed_also_when_nothing_is_sent() {
    let call = Call::accepted().with("do_not_send", true);
    let call = call.customer(json!({"email": "jane"}));
    assert_eq!(call.reasons(), [Reason::CustomerEmailFormat]);
    let call = call.customer(json!({"name": "www.acme.example"}));
    assert_eq!(call.reasons(), [Reason::CustomerNameFormat]);
}

#[test]
fn the_customer_name_is_optional() {
    let call = Call::accepted().customer(json!({"email": "jane@acme.example"}));
    assert_eq!(call.reasons(), []);
    let call = call.customer(json!({"name": "  ", "email": "jane@acme.example"}));
    assert_eq!(call.reasons(), []);
}

#[test]
fn a_name_has_up_to_255_characters_and_is_no_web_address() {
    let reasons = |name: &str| {
        let customer = json!({"name": name, "email": "jane@acme.example"});
        Call::accepted().customer(customer).reasons()
    };
    let longest = "é".repeat(255);
    for name in [
        "J",
        "Jane O'Neill-Müller",
        "李雷",
        "Www Wang",
        "awww.",
        "a:b//c",
        &longest,
    ] {
        assert_eq!(reasons(name), [], "{name}");
    }
    let too_long = "é".repeat(256);
    for name in [
        "Jane\u{7}",
        "Jane\nDoe",
        "Jane\0",
        "Jane\u{85}Doe",
        "<Jane",
        "Jane>",
        "see https://acme.example",
        "www.acme.example",
        "WWW.acme.example",
        " www.acme.example",
        &too_long,
    ] {
        assert_eq!(reasons(name), [Reason::CustomerNameFormat], "{name:?}");
    }
}

// Matching

#[test]
fn labels_match_regardless_of_case_space_and_underscore() {
    let call = Call::accepted()
        .with("channel", " E Mail ")
        .with("brand", "LARKSPUR_kids")
        .with("language", "FR_ca");
    let judgement = call.judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.channel.as_deref(), Some("email"));
    assert_eq!(judgement.brand.as_deref(), Some("larkspur-kids"));
    assert_eq!(judgement.language.as_deref(), Some("fr-CA"));
}

#[test]
fn an_alias_is_read_as_its_label_and_nothing_is_said_about_it() {
    let phone = Company::larkspur().channel("telephone", true, true);
    let call = Call::accepted().with("channel", " Voice ");
    let judgement = call.judgement_at(phone.channel_alias("voice"));
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.channel.as_deref(), Some("telephone"));
    // The space around it is worth a word, the alias is not.
    assert_eq!(judgement.warnings, ["surrounding_space"]);
}

#[test]
fn a_label_counts_before_an_alias() {
    let company = Company::larkspur().channel("telephone", true, true);
    let sms = Call::accepted().with("channel", "sms");
    let reasons = sms.reasons_at(company.channel_alias("sms"));
    assert_eq!(reasons, [Reason::ChannelNotEnabled]);
}

#[test]
fn an_alias_of_what_is_off_or_manual_is_refused_as_that_is() {
    let off = Company::larkspur().channel("telephone", false, true);
    let voice = Call::accepted().with("channel", "voice");
    let findings = voice.findings_at(off.channel_alias("voice"));
    assert_eq!(findings[0].reason, Reason::ChannelNotEnabled);
    assert_eq!(findings[0].value.as_deref(), Some("voice"));
    let manual = || Company::larkspur().channel("telephone", true, false);
    let reasons = voice.reasons_at(manual().channel_alias("voice"));
    assert_eq!(reasons, [Reason::ChannelManual]);
    let trying_out = voice
        .with_test_key()
        .reasons_at(manual().channel_alias("voice"));
    assert_eq!(trying_out, []);
}

#[test]
fn a_language_with_a_region_is_another_than_the_one_without() {
    let finding = Call::accepted().with("language", "en-US").only_finding();
    assert_eq!(
        told(&finding),
        (Reason::LanguageUnknown, "/language", Some("en-US"))
    );
    assert_eq!(finding.suggestion.as_deref(), Some("en"));
    assert!(finding.detail().contains("en-US does not match en"));
    let explanation = ErrorCode::LanguageNotAvailable.entry().explanation;
    assert!(explanation.contains("en-US does not match en"));
    assert_eq!(
        Call::accepted().with("language", "fr").reasons(),
        [Reason::LanguageUnknown]
    );
}

// One or none

#[test]
fn no_brand_and_no_language_are_needed_where_at_most_one_is_active() {
    let call = Call::accepted().without("brand").without("language");
    assert_eq!(call.reasons_at(Company::plain()), []);
    let one_active = Company::plain()
        .brand("larkspur", true)
        .brand("larkspur-outlet", false)
        .language("en", true)
        .language("de", false);
    assert_eq!(call.reasons_at(one_active), []);
    let none_active = Company::plain()
        .brand("larkspur", false)
        .language("en", false);
    assert_eq!(call.reasons_at(none_active), []);
}

#[test]
fn a_brand_not_sent_is_not_guessed() {
    let call = Call::accepted().without("brand").without("language");
    let judgement = call.judgement_at(Company::plain().brand("larkspur", true));
    assert_eq!(judgement.brand, None);
}

#[test]
fn a_label_sent_must_match_also_where_the_company_has_none() {
    let expected = [Reason::BrandUnknown, Reason::LanguageUnknown];
    assert_eq!(Call::accepted().reasons_at(Company::plain()), expected);
}

// Suggestions and words

#[test]
fn a_slip_in_a_label_is_answered_with_a_suggestion() {
    let call = Call::accepted()
        .with("channel", "e-mail2")
        .with("brand", "larkspurr")
        .with("language", "fr_CH");
    let findings = call.findings();
    let suggestions: Vec<_> = findings.iter().map(|f| f.suggestion.as_deref()).collect();
    assert_eq!(
        suggestions,
        [Some("email"), Some("larkspur"), Some("fr-CA")]
    );
    assert!(findings[1].detail().contains("Did you mean `larkspur`?"));
}

#[test]
fn for_the_united_kingdom_its_region_is_suggested() {
    let call = Call::accepted().with("language", "en_UK");
    let suggestion = |company: Company| call.findings_at(company)[0].suggestion.clone();
    let british = Company::larkspur().language("en-GB", true);
    assert_eq!(suggestion(british).as_deref(), Some("en-GB"));
    assert_eq!(suggestion(Company::larkspur()).as_deref(), Some("en"));
}

#[test]
fn only_what_would_be_accepted_is_suggested() {
    let finding = Call::accepted()
        .with("brand", "larkspur-outlets")
        .only_finding();
    assert_ne!(finding.suggestion.as_deref(), Some("larkspur-outlet"));
    let finding = Call::accepted().with("channel", "smss").only_finding();
    assert_eq!(finding.suggestion, None);
    let manual = Call::accepted().with("channel", "phon");
    assert_eq!(manual.only_finding().suggestion, None);
    let finding = manual.with_test_key().only_finding();
    assert_eq!(finding.suggestion.as_deref(), Some("phone"));
}

#[test]
fn an_employee_is_never_suggested_to_a_sender() {
    let call = Call::accepted().employee(json!({"email": "ada.ossei@larkspur.example"}));
    let finding = call.only_finding();
    assert_eq!(finding.suggestion, None);
    assert!(!finding.detail().contains("ada.osei"));
}

#[test]
fn who_ends_an_error_follows_its_variant() {
    assert_eq!(ErrorCode::InvalidBrand.ended_by(), EndedBy::Either);
    assert_eq!(Reason::BrandInactive.ended_by(), EndedBy::Admin);
    assert_eq!(Reason::BrandUnknown.ended_by(), EndedBy::Sender);
    assert_eq!(Reason::LanguageInactive.ended_by(), EndedBy::Admin);
    assert_eq!(Reason::LanguageUnknown.ended_by(), EndedBy::Sender);
    for reason in Reason::ALL {
        let whole = reason.code().ended_by();
        assert!(
            whole == EndedBy::Either || whole == reason.ended_by(),
            "{reason:?}"
        );
    }
}

#[test]
fn the_legend_has_the_errors_in_three_groups() {
    let group = |who| ErrorCode::ALL.map(|c| (c.ended_by() == who) as u8);
    assert_eq!(group(EndedBy::Admin), [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(group(EndedBy::Sender), [0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1]);
    assert_eq!(group(EndedBy::Either), [0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]);
}

#[test]
fn the_bodies_of_the_dictionary_do_what_they_say() {
    let judged = |body: &str| {
        let company = Company::larkspur();
        judge(
            Kind::Feedback,
            body.as_bytes(),
            Environment::Production,
            company,
        )
    };
    let good = judged(GOOD_BODY);
    assert_eq!(good.findings, []);
    assert!(good.warnings.is_empty());
    // The size is the way in's to judge, before there is a body.
    let judged_here = Reason::ALL.into_iter().filter(|r| *r != Reason::TooLarge);
    for reason in judged_here {
        let bad = judged(reason.bad_body());
        let raised: Vec<_> = bad.findings.iter().map(|finding| finding.reason).collect();
        assert_eq!(raised, [reason]);
        assert!(bad.warnings.is_empty(), "{reason:?}");
    }
}

// Recoveries

#[test]
fn only_the_employee_of_a_recovery_is_judged() {
    assert_eq!(Call::recovery().reasons(), []);
    let call = Call::recovery().employee(json!({"custom_id": "L-1002"}));
    assert_eq!(call.reasons(), [Reason::Deactivated]);
    assert_eq!(
        Call::recovery().without("employee").reasons(),
        [Reason::EmployeeNotSent]
    );
    let findings = [(Reason::Deactivated, "/employee/custom_id")];
    let outcomes = Aspect::ALL.map(|aspect| aspect.outcome(Kind::Recovery, findings));
    assert_eq!(outcomes[0], Outcome::Failed);
    assert!(outcomes[1..].iter().all(|o| *o == Outcome::NotChecked));
}

#[test]
fn a_recovery_that_belongs_to_nothing_is_warned_of() {
    let judgement = Call::recovery().without("ext_interaction_id").judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.warnings, ["not_linked"]);
    for field in [
        "ext_interaction_id",
        "external_url",
        "initial_feedback_request_id",
    ] {
        let call = Call::recovery()
            .without("ext_interaction_id")
            .with(field, "any words");
        assert!(call.judgement().warnings.is_empty(), "{field}");
    }
}

#[test]
fn a_recovery_has_no_channel_and_says_so() {
    let judgement = Call::recovery().with("channel", "fax").judgement();
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.warnings, ["unknown_field"]);
}

#[test]
fn a_field_that_a_recovery_shares_is_still_read_strictly() {
    let findings = Call::recovery().with("tags", "recovered").findings();
    assert_eq!(reasons(&findings), [Reason::WrongType]);
}
