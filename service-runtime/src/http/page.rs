use std::fmt::Display;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::{Problem, ascii};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// The query of a list: `limit` (1 … 200, default 50) and `cursor` (from the `Link` header of the page before).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery<C> {
    /// Items wanted.
    pub limit: Option<u16>,
    /// Start after the item with this key.
    pub cursor: Option<C>,
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
        Ok(Page { limit, after: self.cursor })
    }
}

impl<C: Copy + ToString> Page<C> {
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
            let (limit, cursor) = (self.limit, cursor.to_string());
            let link = format!("<{path}limit={limit}&cursor={cursor}>; rel=\"next\"");
            response.insert_header((header::LINK, ascii(link)));
        }
        response.json(items)
    }

    /// The items of this page, and where the next one starts if there is one.
    pub fn split<T>(&self, mut fetched: Vec<T>, key: impl Fn(&T) -> C) -> (Vec<T>, Option<C>) {
        let more = fetched.len() > usize::from(self.limit);
        fetched.truncate(self.limit.into());
        let next = fetched.last().filter(|_| more).map(key);
        (fetched, next)
    }
}
