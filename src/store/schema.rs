// @generated automatically by Diesel CLI.

diesel::table! {
    /// The mails about alerts, sent and to be sent: written in the transaction that opens or closes the alert.
    alert_mails (company_id, opened_at, event, address) {
        /// The company.
        company_id -> Int8,
        /// The alert that it is about.
        opened_at -> Timestamptz,
        /// 1 the alert opened, 2 it closed.
        event -> Int2,
        /// Who is told.
        address -> Text,
        /// Since when it is to be sent.
        made_at -> Timestamptz,
        /// When it is tried next; null when it was sent or given up.
        due_at -> Nullable<Timestamptz>,
        /// How often it was tried.
        attempts -> Int4,
        /// When the mail server took it.
        sent_at -> Nullable<Timestamptz>,
        /// Why the last attempt failed.
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    /// The times at which too many of a company's production requests failed.
    alerts (company_id, opened_at) {
        /// The company.
        company_id -> Int8,
        /// When it was noticed.
        opened_at -> Timestamptz,
        /// How many of the hour before had failed then.
        opened_failed -> Int8,
        /// Of how many.
        opened_total -> Int8,
        /// When it was over; null while it is open.
        closed_at -> Nullable<Timestamptz>,
        /// How many of the hour before had failed then.
        closed_failed -> Nullable<Int8>,
        /// Of how many.
        closed_total -> Nullable<Int8>,
    }
}

diesel::table! {
    /// The keys by which senders are known.
    api_keys (id) {
        /// The key.
        id -> Int8,
        /// Whose requests it brings.
        company_id -> Int8,
        /// 1 test, 2 production.
        environment -> Int2,
        /// Who uses it, in the admin's words.
        name -> Text,
        /// The last four characters.
        tail -> Text,
        /// SHA-256 of the key.
        hash -> Bytea,
        /// When it was made.
        created_at -> Timestamptz,
        /// Since when it is refused.
        revoked_at -> Nullable<Timestamptz>,
        /// About when it last brought a request.
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who changed what, when; written in the transaction of the change.
    audit_log (company_id, at, id) {
        /// The company.
        company_id -> Int8,
        /// When.
        at -> Timestamptz,
        /// The entry.
        id -> Int8,
        /// Who; null for a command at the console.
        user_id -> Nullable<Int8>,
        /// Who, by name at that time.
        actor -> Text,
        /// What was done, such as `brand.deactivated`.
        action -> Text,
        /// To what, such as the brand's label.
        subject -> Text,
        /// The values before; null for something new.
        before -> Nullable<Jsonb>,
        /// The values after; null for something gone.
        after -> Nullable<Jsonb>,
        /// The version that the change made; null where it touches no rule.
        settings_version -> Nullable<Int8>,
    }
}

diesel::table! {
    /// The brands under which customers know a company.
    brands (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The brand.
        id -> Int8,
        /// What a request names; never changes.
        label -> Text,
        /// The form in which labels are compared.
        folded -> Text,
        /// As shown to people.
        name -> Text,
        /// Whether requests may name it.
        active -> Bool,
    }
}

diesel::table! {
    /// Work over all requests that a filter matches, done in chunks by whichever node is free.
    bulk_runs (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// UUID v7: the run is about the requests that are older.
        id -> Uuid,
        /// 1 re-check, 2 resubmission.
        kind -> Int2,
        /// Who started it.
        user_id -> Int8,
        /// Who, by name at that time.
        actor -> Text,
        /// The list: 1 Invalid Requests, 2 Test Requests.
        tab -> Int2,
        /// Its filter as in an address, the time range fixed.
        filter -> Text,
        /// About how many requests match, for the progress.
        total -> Int8,
        /// The version of the settings that it judges by.
        settings_version -> Int8,
        /// 1 running, 2 done, 3 cancelled, 4 ended by a change of the settings.
        state -> Int2,
        /// The last request that is done; they go from the newest to the oldest.
        reached -> Nullable<Uuid>,
        /// Until then a node is at work on a chunk.
        claimed_until -> Timestamptz,
        /// How many would pass.
        passing -> Int8,
        /// How many fail for the same reason.
        same -> Int8,
        /// How many fail for another reason.
        different -> Int8,
        /// How many could be sent again.
        sendable -> Int8,
        /// How many of those are older than a week.
        sendable_old -> Int8,
        /// How many were sent again.
        sent -> Int8,
        /// When it ended.
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// How many requests failed by each cause; counted when their deltas are folded.
    cause_counts (company_id, grain, reason, value, bucket, environment, key_id) {
        /// The company.
        company_id -> Int8,
        /// Minutes in a bucket: 60, 1440, 10080 or 40320; those of four weeks begin with every week. Kept as long as requests.
        grain -> Int4,
        /// When the bucket begins.
        bucket -> Timestamptz,
        /// The error: its bit in a request's error mask.
        code -> Int2,
        /// The error and its variant, by number.
        reason -> Int2,
        /// The decisive value; empty where none was sent, and for customers' data.
        value -> Text,
        /// The requests'.
        environment -> Int2,
        /// The requests'.
        key_id -> Int8,
        /// How many requests.
        count -> Int8,
        /// When the first of them came.
        first_at -> Timestamptz,
        /// When the last of them came.
        last_at -> Timestamptz,
        /// The last of them.
        latest_id -> Uuid,
    }
}

diesel::table! {
    /// What admins decided about causes of failures; where a cause stands otherwise is told by its requests.
    cause_decisions (company_id, reason, value) {
        /// The company.
        company_id -> Int8,
        /// The error and its variant, as in request_findings.
        reason -> Int2,
        /// The decisive value, as in request_findings; empty where that is null.
        value -> Text,
        /// 1 acknowledged, 2 ignored.
        kind -> Int2,
        /// Until when it is ignored.
        until -> Nullable<Timestamptz>,
        /// Who decided.
        user_id -> Int8,
        /// Who, by name at that time.
        actor -> Text,
        /// When.
        at -> Timestamptz,
    }
}

diesel::table! {
    /// The ways in which a company serves its customers.
    channels (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The channel.
        id -> Int8,
        /// What a request names, such as `phone`; never changes.
        label -> Text,
        /// The form in which labels are compared.
        folded -> Text,
        /// As shown to people.
        name -> Text,
        /// Whether requests may name it.
        enabled -> Bool,
        /// Whether it takes production requests; else it is in manual mode.
        integrated -> Bool,
    }
}

diesel::table! {
    /// The tenants. Everything that belongs to a company has its id first in the key.
    companies (id) {
        /// The company.
        id -> Int8,
        /// As shown in the top bar.
        name -> Text,
        /// IANA name of the zone in which its pages show times.
        time_zone -> Text,
        /// Customers' personal data is deleted after so many days.
        expunge_after_days -> Int4,
        /// Grows by one with every change of the settings, under this row's lock.
        settings_version -> Int8,
        /// Key of the hash by which requests are found by their customer's e-mail.
        lookup_key -> Bytea,
        /// When it was made.
        created_at -> Timestamptz,
        /// Where the surveys of test requests go.
        test_email -> Nullable<Text>,
        /// Who is told when too many requests fail.
        alert_emails -> Array<Nullable<Text>>,
    }
}

diesel::table! {
    /// How many requests of each employee are on the lists: those that failed, and those of test keys.
    employee_counts (company_id, employee_sent, grain, bucket, employee_custom_id, environment, kind, key_id, channel, brand, language, error_mask) {
        /// The company.
        company_id -> Int8,
        /// As in requests.
        employee_sent -> Text,
        /// Minutes in a bucket: 1440 or 10080; kept as long as requests.
        grain -> Int4,
        /// When the bucket begins.
        bucket -> Timestamptz,
        /// As in requests; empty where that is null or longer than 255 bytes.
        employee_custom_id -> Text,
        /// As in request_counts.
        environment -> Int2,
        /// As in request_counts.
        kind -> Int2,
        /// As in request_counts.
        key_id -> Int8,
        /// As in request_counts.
        channel -> Text,
        /// As in request_counts.
        brand -> Text,
        /// As in request_counts.
        language -> Text,
        /// As in request_counts.
        error_mask -> Int2,
        /// How many requests.
        count -> Int8,
    }
}

diesel::table! {
    /// Files of employees that were sent in and not saved yet; kept for a day.
    employee_imports (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The file.
        id -> Uuid,
        /// Who sent it.
        user_id -> Int8,
        /// When.
        made_at -> Timestamptz,
        /// The version of the settings when it was sent.
        settings_version -> Int8,
        /// Its name, as the browser tells it.
        file_name -> Text,
        /// The file in UTF-8.
        content -> Text,
    }
}

diesel::table! {
    /// The people whom customers are asked about.
    employees (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The employee.
        id -> Int8,
        /// As the company writes it.
        email -> Nullable<Text>,
        /// The form in which e-mails are compared.
        email_folded -> Nullable<Text>,
        /// The company's own id, compared exactly.
        custom_id -> Nullable<Text>,
        /// As shown to people.
        name -> Text,
        /// 1 active, 2 pending review, 3 confirmed, 4 unapproved, 5 deactivated.
        status -> Int2,
    }
}

diesel::table! {
    /// Values that belong to the whole installation, made once.
    installation (name) {
        /// What it is, such as `secret_key`.
        name -> Text,
        /// The value.
        value -> Bytea,
    }
}

diesel::table! {
    /// Words that senders use for a channel, brand or language of another label.
    label_aliases (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The alias.
        id -> Int8,
        /// 1 for a channel, 2 for a brand, 3 for a language.
        kind -> Int2,
        /// What requests name, such as `voice`.
        label -> Text,
        /// The form in which it is compared; a channel, brand or language of this form counts before it.
        folded -> Text,
        /// The label that is meant, such as `phone`: labels never change and are never removed.
        target -> Text,
    }
}

diesel::table! {
    /// The languages in which a company's customers are asked.
    languages (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The language.
        id -> Int8,
        /// BCP 47 tag, such as `fr-CA`.
        tag -> Text,
        /// The form in which labels are compared.
        folded -> Text,
        /// Whether requests may name it.
        active -> Bool,
    }
}

diesel::table! {
    /// One-time links by which a user chooses a password; deleted when used.
    password_links (token_hash) {
        /// SHA-256 of the token in the link.
        token_hash -> Bytea,
        /// Whose password it sets.
        user_id -> Int8,
        /// Not usable from then on.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Counts not folded into request_counts yet, of what failed one by one; written with the requests, in one transaction.
    request_count_deltas (company_id, bucket, id) {
        /// The company.
        company_id -> Int8,
        /// The five minutes that it counts in.
        bucket -> Timestamptz,
        /// The first of the requests counted.
        id -> Uuid,
        /// 1 test, 2 production.
        environment -> Int2,
        /// 1 feedback, 2 recovery.
        kind -> Int2,
        /// The key.
        key_id -> Int8,
        /// As in request_counts.
        channel -> Text,
        /// As in request_counts.
        brand -> Text,
        /// As in request_counts.
        language -> Text,
        /// As in request_counts.
        error_mask -> Int2,
        /// How many requests to add.
        count -> Int8,
        /// As in request_counts.
        resubmitted -> Bool,
        /// As in requests, of what is on the lists.
        employee_sent -> Nullable<Text>,
        /// As in requests, of what is on the lists.
        employee_custom_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// How many requests there were, by everything that a page can filter by.
    request_counts (company_id, grain, bucket, environment, kind, key_id, channel, brand, language, error_mask, resubmitted) {
        /// The company.
        company_id -> Int8,
        /// Minutes in a bucket: 5 (kept 14 days), 60, 1440 or 10080 (kept 400 days).
        grain -> Int2,
        /// When the bucket begins.
        bucket -> Timestamptz,
        /// 1 test, 2 production.
        environment -> Int2,
        /// 1 feedback, 2 recovery.
        kind -> Int2,
        /// The key.
        key_id -> Int8,
        /// The label; `~unknown` for one not configured, `~none` for none sent.
        channel -> Text,
        /// The label; `~unknown` for one not configured, `~none` for none sent.
        brand -> Text,
        /// The tag; `~unknown` for one not configured, `~none` for none sent.
        language -> Text,
        /// A bit per error; 0 is valid.
        error_mask -> Int2,
        /// How many requests.
        count -> Int8,
        /// Whether they were sent again by an admin.
        resubmitted -> Bool,
    }
}

diesel::table! {
    /// What of a request may be personal; its rows are deleted after the company's threshold.
    request_documents (company_id, received_at, id) {
        /// The company of the request.
        company_id -> Int8,
        /// When the request came.
        received_at -> Timestamptz,
        /// The request.
        id -> Uuid,
        /// The body as sent, byte by byte.
        body -> Bytea,
        /// Whether only the first 64 KiB were kept.
        body_cut -> Bool,
        /// The content type as sent.
        content_type -> Nullable<Text>,
        /// The body of the answer; null for a 200, which echoes the body.
        answer -> Nullable<Text>,
        /// The warnings, in order; null where there are none.
        warnings -> Nullable<Jsonb>,
        /// The customer's name as sent.
        customer_name -> Nullable<Text>,
        /// The customer's e-mail as sent.
        customer_email -> Nullable<Text>,
        /// The address it came from.
        address -> Nullable<Text>,
        /// The program that sent it, in its own words.
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    /// A row per error found in a request.
    request_findings (company_id, received_at, id, position) {
        /// The company of the request.
        company_id -> Int8,
        /// When the request came.
        received_at -> Timestamptz,
        /// The request.
        id -> Uuid,
        /// Its place in the answer, from 0.
        position -> Int2,
        /// The error: its bit in the request's error mask.
        code -> Int2,
        /// The error and its variant, by number.
        reason -> Int2,
        /// JSON pointer to the field, first 255 characters.
        pointer -> Text,
        /// The decisive value in the form in which it is matched, of a malformed field its name; null where none was sent, and for customers' data.
        value -> Nullable<Text>,
        /// The request's.
        environment -> Int2,
        /// The request's.
        key_id -> Int8,
        /// The value as sent, where that is another form of the decisive one.
        sent -> Nullable<Text>,
    }
}

diesel::table! {
    /// What the rules said of a request once more, beside its verdict, which never changes; facts only, gone with the request.
    request_rechecks (company_id, received_at, id, settings_version) {
        /// The company of the request.
        company_id -> Int8,
        /// When the request came.
        received_at -> Timestamptz,
        /// The request.
        id -> Uuid,
        /// The version of the settings it was judged by this time; the latest check per version is kept.
        settings_version -> Int8,
        /// 1 would pass, 2 fails for the same reason, 3 fails for another.
        result -> Int2,
        /// Whether the body was gone, so that the customer was not checked.
        as_far_as_known -> Bool,
        /// The errors that it would have, a bit per error.
        error_mask -> Int2,
        /// When it was checked.
        checked_at -> Timestamptz,
    }
}

diesel::table! {
    /// The sums of request_counts that a chart is drawn from; written with them.
    request_totals (company_id, grain, bucket, environment, error_mask) {
        /// The company.
        company_id -> Int8,
        /// As in request_counts.
        grain -> Int2,
        /// When the bucket begins.
        bucket -> Timestamptz,
        /// 1 test, 2 production.
        environment -> Int2,
        /// A bit per error; 0 is valid.
        error_mask -> Int2,
        /// How many requests.
        count -> Int8,
    }
}

diesel::table! {
    /// Every request with a valid key: facts only, never updated. Partitioned by week.
    requests (company_id, received_at, id) {
        /// The company of the key.
        company_id -> Int8,
        /// Read from the id, to the millisecond.
        received_at -> Timestamptz,
        /// UUID v7; also the `x-request-id` of the answer.
        id -> Uuid,
        /// 1 feedback, 2 recovery.
        kind -> Int2,
        /// 1 test, 2 production.
        environment -> Int2,
        /// The key it came with.
        key_id -> Int8,
        /// The status it was answered with.
        http_status -> Int2,
        /// A bit per error, the first rule lowest; 0 is valid.
        error_mask -> Int2,
        /// How many warnings it got.
        warning_count -> Int2,
        /// The version of the company's settings it was judged against.
        settings_version -> Int8,
        /// The employee found, whatever their status.
        employee_id -> Nullable<Int8>,
        /// The employee's e-mail, folded, else the custom id, as sent; first 255 characters.
        employee_sent -> Nullable<Text>,
        /// The custom id, where an e-mail was sent as well; first 255 characters.
        employee_custom_id -> Nullable<Text>,
        /// The channel as sent, first 255 characters.
        channel_sent -> Nullable<Text>,
        /// The label of the channel found.
        channel -> Nullable<Text>,
        /// The brand as sent, first 255 characters.
        brand_sent -> Nullable<Text>,
        /// The label of the brand found.
        brand -> Nullable<Text>,
        /// The language as sent, first 255 characters.
        language_sent -> Nullable<Text>,
        /// The tag of the language found.
        language -> Nullable<Text>,
        /// The sender's ticket number, first 255 characters; need not be unique.
        ticket_id -> Nullable<Text>,
        /// Keyed hash of the customer's folded e-mail, to look it up by.
        customer_hash -> Nullable<Bytea>,
        /// The `x-request-id` that the sender sent.
        correlation_id -> Nullable<Text>,
        /// Microseconds from receipt to verdict.
        duration_us -> Int4,
        /// The form in which a channel was compared that the company did not have.
        channel_unknown -> Nullable<Text>,
        /// The form in which a brand was compared that the company did not have.
        brand_unknown -> Nullable<Text>,
        /// The form in which a language was compared that the company did not have.
        language_unknown -> Nullable<Text>,
    }
}

diesel::table! {
    /// Requests that were sent again, each at most once; written with the new request, in one transaction.
    resubmissions (company_id, original_id) {
        /// The company of both.
        company_id -> Int8,
        /// The request that was refused.
        original_id -> Uuid,
        /// The new request.
        id -> Uuid,
        /// When the new request came.
        at -> Timestamptz,
        /// Who sent it again.
        user_id -> Int8,
        /// Who, by name at that time.
        actor -> Text,
        /// The run over many that it was part of.
        run_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Calls that still come with a revoked key.
    revoked_key_calls (company_id, key_id, hour) {
        /// Whose key it was.
        company_id -> Int8,
        /// The key.
        key_id -> Int8,
        /// The hour they came in.
        hour -> Timestamptz,
        /// How many.
        calls -> Int8,
        /// When the first of the hour came.
        first_at -> Timestamptz,
    }
}

diesel::table! {
    /// Lists of the status page that people come back to.
    saved_views (company_id, id) {
        /// The company.
        company_id -> Int8,
        /// The view.
        id -> Uuid,
        /// Whose it is; null for everybody in the company.
        user_id -> Nullable<Int8>,
        /// What people call it.
        name -> Text,
        /// The path of the list with its filter.
        address -> Text,
        /// When it was saved.
        made_at -> Timestamptz,
    }
}

diesel::table! {
    /// Who is signed in where; a row deleted is a session ended.
    sessions (token_hash) {
        /// SHA-256 of the random id in the cookie.
        token_hash -> Bytea,
        /// Who signed in; null before.
        user_id -> Nullable<Int8>,
        /// The session's values, JSON.
        state -> Text,
        /// When it began; it ends seven days later at the latest.
        created_at -> Timestamptz,
        /// It ends then, unless it is used before.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Attempts to sign in that did not succeed, kept for the throttle.
    sign_in_attempts (id) {
        /// The attempt.
        id -> Int8,
        /// The folded e-mail tried, hashed: whatever was typed there may be a password.
        account -> Text,
        /// The address it came from.
        address -> Text,
        /// When.
        at -> Timestamptz,
    }
}

diesel::table! {
    /// The people who sign in; each belongs to one company.
    users (id) {
        /// The user.
        id -> Int8,
        /// The only company whose data the user sees.
        company_id -> Int8,
        /// What the user signs in with.
        email -> Text,
        /// The form in which e-mails are compared; unique in the installation.
        email_folded -> Text,
        /// As shown to people.
        name -> Text,
        /// 1 admin, 2 support.
        role -> Int2,
        /// Argon2id, PHC string; null until the password was chosen by a one-time link.
        password_hash -> Nullable<Text>,
        /// Since when the user cannot sign in.
        disabled_at -> Nullable<Timestamptz>,
        /// When it was made.
        created_at -> Timestamptz,
    }
}

diesel::joinable!(alerts -> companies (company_id));
diesel::joinable!(api_keys -> companies (company_id));
diesel::joinable!(brands -> companies (company_id));
diesel::joinable!(cause_decisions -> companies (company_id));
diesel::joinable!(channels -> companies (company_id));
diesel::joinable!(employee_imports -> companies (company_id));
diesel::joinable!(employees -> companies (company_id));
diesel::joinable!(label_aliases -> companies (company_id));
diesel::joinable!(languages -> companies (company_id));
diesel::joinable!(password_links -> users (user_id));
diesel::joinable!(saved_views -> companies (company_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(users -> companies (company_id));

diesel::allow_tables_to_appear_in_same_query!(
    alert_mails,
    alerts,
    api_keys,
    audit_log,
    brands,
    bulk_runs,
    cause_counts,
    cause_decisions,
    channels,
    companies,
    employee_counts,
    employee_imports,
    employees,
    installation,
    label_aliases,
    languages,
    password_links,
    request_count_deltas,
    request_counts,
    request_documents,
    request_findings,
    request_rechecks,
    request_totals,
    requests,
    resubmissions,
    revoked_key_calls,
    saved_views,
    sessions,
    sign_in_attempts,
    users,
);
