//! Accounts, deposits and the ledger by gRPC: `gozon.payments.v1`.

use contracts::Amount;
use messaging::Pool;
use messaging::broadcast::Voice;
use proto::payments::payments_service_server::{PaymentsService, PaymentsServiceServer};
use proto::payments::{
    Account, CreateAccountRequest, DepositRequest, GetBalanceRequest, ListTransactionsRequest,
    ListTransactionsResponse, Transaction, TransactionType,
};
use service_runtime::grpc::{self, MAX_REQUEST_BYTES, answer, id, idempotency_key, timestamp};
use service_runtime::http::Problem;
use tonic::{Request, Response, Status};

use super::Api;
use super::accounts::{self, Done};
use super::deposits;
use crate::store;

pub(super) struct Payments {
    pool: Pool,
    voice: Voice,
}

pub(super) fn service(api: &Api, pool: Pool) -> PaymentsServiceServer<Payments> {
    let voice = api.voice.get_ref().clone();
    PaymentsServiceServer::new(Payments { pool, voice }).max_decoding_message_size(MAX_REQUEST_BYTES)
}

#[tonic::async_trait]
impl PaymentsService for Payments {
    async fn create_account(
        &self,
        request: Request<CreateAccountRequest>,
    ) -> Result<Response<Account>, Status> {
        let key = idempotency_key(request.metadata())?;
        let user = id("user_id", &request.get_ref().user_id)?;
        let Done { account, replayed } = accounts::open_for(&self.pool, &self.voice, user, key).await?;
        Ok(answer(account.into(), replayed))
    }

    async fn deposit(&self, request: Request<DepositRequest>) -> Result<Response<Account>, Status> {
        let key = idempotency_key(request.metadata())?;
        let DepositRequest { bill_id, amount } = request.get_ref();
        let bill = id("bill_id", bill_id)?;
        let amount =
            Amount::try_from(*amount).map_err(|error| Problem::invalid_request(error.to_string()))?;
        let Done { account, replayed } =
            deposits::deposit(&self.pool, &self.voice, bill, amount, key).await?;
        Ok(answer(account.into(), replayed))
    }

    async fn get_balance(&self, request: Request<GetBalanceRequest>) -> Result<Response<Account>, Status> {
        let bill = id("bill_id", &request.get_ref().bill_id)?;
        Ok(Response::new(accounts::account_with(&self.pool, bill).await?.into()))
    }

    async fn list_transactions(
        &self,
        request: Request<ListTransactionsRequest>,
    ) -> Result<Response<ListTransactionsResponse>, Status> {
        let ListTransactionsRequest { bill_id, page_size, page_token } = request.get_ref();
        let page = grpc::page(*page_size, page_token)?;
        let entries = accounts::entries_of(&self.pool, id("bill_id", bill_id)?, page).await?;
        let (entries, next) = page.split(entries, |entry| entry.id);
        Ok(Response::new(ListTransactionsResponse {
            transactions: entries.into_iter().map(Transaction::from).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}

impl From<store::Account> for Account {
    fn from(account: store::Account) -> Self {
        Self {
            bill_id: account.bill_id.to_string(),
            user_id: account.user_id.to_string(),
            balance: account.balance,
            version: account.version,
            created_at: Some(timestamp(account.created_at)),
            updated_at: Some(timestamp(account.updated_at)),
        }
    }
}

impl From<store::Entry> for Transaction {
    fn from(entry: store::Entry) -> Self {
        let kind = TransactionType::from_str_name(&format!("TRANSACTION_TYPE_{}", entry.kind));
        Self {
            id: entry.id,
            r#type: kind.unwrap_or_default().into(),
            amount: entry.amount,
            order_id: entry.reference_order_id.map(|id| id.to_string()).unwrap_or_default(),
            balance_after: entry.balance_after,
            created_at: Some(timestamp(entry.created_at)),
        }
    }
}
