//! How many exports run at once: as many as there are connections for, and of one company so
//! few that it leaves some to others.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::company::CompanyId;
use crate::store::MOST_EXPORTS;

/// A company runs at most so many at once.
const MOST_OF_A_COMPANY: usize = 2;

/// The exports that run on this node: an entry for each.
#[derive(Debug, Clone, Default)]
pub struct Exports(Arc<Mutex<Vec<CompanyId>>>);

/// An export that runs, until it is dropped.
#[derive(Debug)]
pub struct Place {
    company: CompanyId,
    exports: Exports,
}

impl Exports {
    /// A place for one more; `None` when all are taken.
    pub fn take(&self, company: CompanyId) -> Option<Place> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_company = running.iter().filter(|other| **other == company).count();
        let is_free = running.len() < MOST_EXPORTS && of_company < MOST_OF_A_COMPANY;
        is_free.then(|| {
            running.push(company);
            Place {
                company,
                exports: self.clone(),
            }
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let running = &self.exports.0;
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = running.iter().position(|other| *other == self.company) {
            running.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_has_two_places_and_leaves_the_others() {
        let exports = Exports::default();
        let (one, other) = (CompanyId(1), CompanyId(2));
        let first = exports.take(one);
        let second = exports.take(one);
        assert!(first.is_some() && second.is_some());
        assert!(exports.take(one).is_none());
        let third = exports.take(other);
        let fourth = exports.take(other);
        assert!(third.is_some() && fourth.is_some());
        assert!(exports.take(CompanyId(3)).is_none());
        drop(first);
        assert!(exports.take(one).is_some());
    }
}
