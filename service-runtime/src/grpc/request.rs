use std::str::FromStr;

use tonic::metadata::MetadataMap;
use uuid::Uuid;

use crate::http::{IdempotencyKey, Page, PageQuery, Problem};

/// The call's `idempotency-key`, if it has one: 1 … 255 visible ASCII characters.
pub fn idempotency_key(metadata: &MetadataMap) -> Result<Option<String>, Problem> {
    let IdempotencyKey(key) = IdempotencyKey::only_one(metadata.get_all("idempotency-key").iter())?;
    Ok(key)
}

/// The id in `field`.
pub fn id(field: &str, text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|error| Problem::invalid_request(format!("{field} is no UUID: {error}")))
}

/// What a list call asks for; 0 items and an empty token are what a client sends that says nothing of them.
pub fn page<C: FromStr + ToString>(size: i32, token: &str) -> Result<Page<C>, Problem> {
    let limit = u16::try_from(size)
        .map_err(|_| Problem::invalid_request(format!("page_size {size} is none that a page can have")))?;
    let limit = (limit != 0).then_some(limit);
    let cursor = (!token.is_empty()).then(|| token.to_owned());
    PageQuery { limit, cursor }.check()
}
