use std::fmt::Display;
use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::{Problem, ascii};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// The query of a list: `limit` (1 … 200, default 50) and `cursor` (from the `Link` header of the page before).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items wanted.
    pub limit: Option<u16>,
    /// Where the page starts.
    pub cursor: Option<String>,
}

/// What a list query asks for, checked. `C` is what the list is ordered by.
#[derive(Debug, Clone, Copy)]
pub struct Page<C> {
    /// Items wanted.
    pub limit: u16,
    /// Start after the item with this key.
    pub after: Option<C>,
}

impl PageQuery {
    /// Checks the limit and the cursor, which is taken as it was given and in no other way.
    ///
    /// # Errors
    /// 400.
    pub fn check<C: FromStr + ToString>(&self) -> Result<Page<C>, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid(format!("limit {limit} is not within 1 and {MAX_LIMIT}")));
        }
        let after = self.cursor.as_deref().map(|text| {
            let key = text.parse().ok().filter(|key: &C| key.to_string() == text);
            key.ok_or_else(|| invalid("the cursor is none that was given".to_owned()))
        });
        Ok(Page { limit, after: after.transpose()? })
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "The query is not valid", detail)
}

impl<C: ToString> Page<C> {
    /// One more than wanted: whether it is there tells whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// 200 with the items as an array, newest first, and a `Link` to the next page if there is one. `path` is the list's
    /// path, to which a query can be added: it ends in `?`, or in `&` after what chooses the list.
    pub fn answer<T: Serialize>(
        &self,
        path: impl Display,
        fetched: Vec<T>,
        key: impl Fn(&T) -> C,
    ) -> HttpResponse {
        let (items, next) = self.split(fetched, key);
        let mut response = HttpResponse::Ok();
        if let Some(cursor) = next {
            let link = format!("<{path}limit={}&cursor={cursor}>; rel=\"next\"", self.limit);
            response.insert_header((header::LINK, ascii(link)));
        }
        response.json(items)
    }

    /// The items of this page, and the cursor of the next one if there is one.
    pub fn split<T>(&self, mut fetched: Vec<T>, key: impl Fn(&T) -> C) -> (Vec<T>, Option<String>) {
        let more = fetched.len() > usize::from(self.limit);
        fetched.truncate(self.limit.into());
        let next = fetched.last().filter(|_| more).map(|last| key(last).to_string());
        (fetched, next)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn is_taken<C: FromStr + ToString>(cursor: &str) -> bool {
        PageQuery { limit: None, cursor: Some(cursor.to_owned()) }.check::<C>().is_ok()
    }

    #[test]
    fn a_cursor_is_taken_as_it_was_given() {
        let id = Uuid::now_v7();
        assert!(is_taken::<i64>("7") && is_taken::<Uuid>(&id.to_string()));
        for other in ["", "x", "+7", "07", "7.0", "99999999999999999999", &"0".repeat(256)] {
            assert!(!is_taken::<i64>(other), "{other}");
        }
        for other in [id.simple().to_string(), id.to_string().to_uppercase(), id.urn().to_string()] {
            assert!(!is_taken::<Uuid>(&other), "{other}");
        }
    }
}
