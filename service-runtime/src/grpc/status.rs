use std::collections::HashMap;
use std::time::Duration;

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::http::Problem;

/// The domain of the reasons in a `google.rpc.ErrorInfo`.
const DOMAIN: &str = "gozon";

/// The same problem; its code is the reason of a `google.rpc.ErrorInfo`, and the account that exists already is in the
/// metadata of that.
impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let code = match problem.status_code() {
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::CONFLICT => Code::AlreadyExists,
            StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
            // What was sent is good by itself, and can't be done as things are.
            StatusCode::UNPROCESSABLE_ENTITY if problem.code() != "invalid_request" => {
                Code::FailedPrecondition
            }
            status if status.is_client_error() => Code::InvalidArgument,
            _ => Code::Internal,
        };
        let metadata: HashMap<_, _> =
            problem.bill_id().map(|id| ("bill_id".to_owned(), id.to_string())).into_iter().collect();
        let mut details = ErrorDetails::new();
        details.set_error_info(problem.code().to_ascii_uppercase(), DOMAIN, metadata);
        if code == Code::Unavailable {
            details.set_retry_info(Some(Duration::from_secs(1)));
        }
        Self::with_error_details(code, problem.detail(), details)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_status_has_the_problems_code_for_its_reason() {
        let bill = Uuid::now_v7();
        let status = Status::from(Problem::overloaded());
        let details = status.get_error_details();
        assert_eq!(
            (status.code(), &*details.error_info().unwrap().reason),
            (Code::Unavailable, "OVERLOADED")
        );
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));

        let exists = Problem::new(StatusCode::CONFLICT, "account_exists", "", "").with_bill_id(bill);
        let status = Status::from(exists);
        assert_eq!(status.code(), Code::AlreadyExists);
        assert_eq!(status.get_error_details().error_info().unwrap().metadata["bill_id"], bill.to_string());
    }
}
