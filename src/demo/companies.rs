//! What the demo companies are made of. Larkspur Outdoor has one of everything that can go wrong;
//! Solo Tea is as simple as a company can be.

use crate::domain::settings::ProfileStatus;
use crate::store::companies::{NewBrand, NewChannel, NewEmployee, NewLanguage, NewSettings};

/// The domain of Larkspur's e-mails.
const LARKSPUR: &str = "larkspur.example";

/// Larkspur's employees in the order of their custom ids, from `L-1001`. The first three are those
/// with a story.
pub const LARKSPUR_PEOPLE: [&str; 43] = [
    "Ada Osei",
    "Ben Ruiz",
    "Chen Wei",
    "Amara Diallo",
    "Benoit Gagnon",
    "Camille Roy",
    "Carlos Mendes",
    "Chloe Tremblay",
    "Daniel Okafor",
    "Dana Whitfield",
    "Elena Petrova",
    "Elliot Marsh",
    "Fatima Zahra",
    "Felix Bouchard",
    "Grace Lin",
    "Hannah Vogel",
    "Hugo Lavoie",
    "Imani Brooks",
    "Isaac Stern",
    "Jade Fortin",
    "Jonas Weber",
    "Julia Novak",
    "Kai Nakamura",
    "Keira Doyle",
    "Leila Haddad",
    "Liam Fraser",
    "Lucia Romano",
    "Maeve Collins",
    "Marcus Hale",
    "Mei Sato",
    "Mila Jansen",
    "Nadia Rahman",
    "Noah Pelletier",
    "Olivia Grant",
    "Omar Farouk",
    "Priya Nair",
    "Quentin Moreau",
    "Rosa Delgado",
    "Samir Patel",
    "Sofia Lindgren",
    "Theo Bergeron",
    "Uma Krishnan",
    "Yusuf Demir",
];

/// Larkspur Outdoor when it began: before Ben Ruiz left and the outlet was closed.
pub fn larkspur() -> NewSettings {
    NewSettings {
        time_zone: chrono_tz::America::Toronto,
        channels: vec![
            channel("email", "E-mail", true, true),
            channel("chat", "Chat", true, true),
            channel("phone", "Phone", true, false),
            channel("sms", "Text message", false, false),
        ],
        brands: vec![
            brand("larkspur", "Larkspur"),
            brand("larkspur-kids", "Larkspur Kids"),
            brand("larkspur-outlet", "Larkspur Outlet"),
        ],
        languages: vec![
            language("en", true),
            language("fr-CA", true),
            language("de", false),
        ],
        employees: (1_001..)
            .zip(LARKSPUR_PEOPLE)
            .map(|(number, name)| NewEmployee {
                name: Some(name.to_owned()),
                email: Some(email_of(name, LARKSPUR)),
                custom_id: Some(format!("L-{number}")),
                status: match name {
                    "Chen Wei" => ProfileStatus::PendingReview,
                    _ => ProfileStatus::Active,
                },
            })
            .collect(),
    }
}

/// Solo Tea.
pub fn solo_tea() -> NewSettings {
    NewSettings {
        time_zone: chrono_tz::Europe::London,
        channels: vec![channel("email", "E-mail", true, true)],
        brands: vec![brand("solo", "Solo Tea")],
        languages: vec![language("en", true)],
        employees: (1..)
            .zip(["Mei Tan", "Oliver Hughes", "Isla Byrne"])
            .map(|(number, name)| NewEmployee {
                name: Some(name.to_owned()),
                email: Some(email_of(name, "solotea.example")),
                custom_id: Some(format!("S-{number}")),
                status: ProfileStatus::Active,
            })
            .collect(),
    }
}

/// The e-mail of one of Larkspur's people.
pub fn larkspur_email(name: &str) -> String {
    email_of(name, LARKSPUR)
}

fn email_of(name: &str, domain: &str) -> String {
    format!("{}@{domain}", name.to_lowercase().replace(' ', "."))
}

fn channel(label: &str, name: &str, enabled: bool, integrated: bool) -> NewChannel {
    NewChannel {
        label: label.to_owned(),
        name: Some(name.to_owned()),
        enabled,
        integrated,
        aliases: Vec::new(),
    }
}

fn brand(label: &str, name: &str) -> NewBrand {
    NewBrand {
        label: label.to_owned(),
        name: Some(name.to_owned()),
        active: true,
        aliases: Vec::new(),
    }
}

fn language(tag: &str, active: bool) -> NewLanguage {
    NewLanguage {
        tag: tag.to_owned(),
        active,
        aliases: Vec::new(),
    }
}
