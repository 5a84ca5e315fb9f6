use std::str::FromStr;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Problem, ascii};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// The query of a list: `limit` (1 … 200, default 50) and `cursor` (from the `Link` header of the page before).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound = "C: FromStr + ToString")]
pub struct PageQuery<C> {
    limit: Option<u16>,
    cursor: Option<Cursor<C>>,
}

/// A key, written as the `Link` header writes it and in no other way.
#[derive(Debug)]
struct Cursor<C>(C);

impl<'de, C: FromStr + ToString> Deserialize<'de> for Cursor<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let key = text.parse().ok().filter(|key: &C| key.to_string() == text);
        key.map(Self).ok_or_else(|| D::Error::custom("the cursor comes from no Link header"))
    }
}

/// What a list query asks for, checked.
#[derive(Debug, Clone, Copy)]
pub struct Page<C> {
    /// Items wanted.
    pub limit: u16,
    /// Start after the item with this key.
    pub after: Option<C>,
}

impl<C: Copy + ToString> PageQuery<C> {
    /// Checks the limit.
    pub fn check(&self) -> Result<Page<C>, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let detail = format!("limit {limit} is not within 1 and {MAX_LIMIT}");
            let title = "The query is not valid";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_query", title, detail));
        }
        Ok(Page { limit, after: self.cursor.as_ref().map(|Cursor(key)| *key) })
    }
}

impl<C: Copy + ToString> Page<C> {
    /// One more than wanted: whether it is there tells whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// 200 with the items as an array, newest first, and a `Link` to the next page if there is one.
    pub fn answer<T: Serialize>(
        &self,
        request: &HttpRequest,
        mut fetched: Vec<T>,
        key: impl Fn(&T) -> C,
    ) -> HttpResponse {
        let more = fetched.len() > usize::from(self.limit);
        fetched.truncate(self.limit.into());
        let mut response = HttpResponse::Ok();
        if let Some(last) = fetched.last().filter(|_| more) {
            let (path, limit, cursor) = (request.path(), self.limit, key(last).to_string());
            let link = format!("<{path}?limit={limit}&cursor={cursor}>; rel=\"next\"");
            response.insert_header((header::LINK, ascii(link)));
        }
        response.json(fetched)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Query;
    use uuid::Uuid;

    use super::*;

    fn is_taken<C: Copy + FromStr + ToString>(cursor: &str) -> bool {
        Query::<PageQuery<C>>::from_query(&format!("cursor={cursor}")).is_ok()
    }

    #[test]
    fn a_cursor_is_taken_as_it_was_given() {
        let id = Uuid::now_v7();
        assert!(is_taken::<i64>("7") && is_taken::<Uuid>(&id.to_string()));
        for other in ["", "x", "%2B7", "07", "7.0", "99999999999999999999", &"0".repeat(256)] {
            assert!(!is_taken::<i64>(other), "{other}");
        }
        for other in [id.simple().to_string(), id.to_string().to_uppercase(), id.urn().to_string()] {
            assert!(!is_taken::<Uuid>(&other), "{other}");
        }
    }
}
