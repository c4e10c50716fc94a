//! Tables in Markdown, and the middle of several measurements.

use std::fmt;

/// A table: its heads, then its rows.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one with these heads.
    pub fn new<const N: usize>(heads: [&str; N]) -> Self {
        let heads = heads.map(str::to_owned).into();
        Self { rows: vec![heads] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, row) in self.rows.iter().enumerate() {
            writeln!(f, "| {} |", row.join(" | "))?;
            if number == 0 {
                let rule = format!("|---{}", "|---:".repeat(row.len().saturating_sub(1)));
                writeln!(f, "{rule}|")?;
            }
        }
        Ok(())
    }
}

/// The one in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

/// 12345.6 as `12,346`.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (number, digit) in digits.chars().enumerate() {
        if number > 0 && (digits.len() - number) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
