//! Whose money it is.

use uuid::Uuid;

use super::client::Client;
use super::intent::Intent;
use super::memory::Memory;

const COUNT: usize = 64;
/// Accounts that half of all operations are about.
const HOT: usize = 4;
/// Little enough that orders and deposits race for what is there.
const FIRST_DEPOSIT: i64 = 20_000;

/// The accounts, of which the first few are hot, and what their users have ordered.
#[derive(Default)]
pub(super) struct Accounts {
    all: Vec<Account>,
    pub(super) memory: Memory,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Account {
    pub(super) user: Uuid,
    pub(super) bill: Uuid,
}

impl Accounts {
    pub(super) fn any(&self, random: &mut fastrand::Rng) -> Account {
        let among = if random.bool() { HOT } else { self.all.len() };
        self.all[random.usize(..among)]
    }
}

/// Opens them, and puts something into each.
pub(super) async fn open(client: &mut Client) -> Accounts {
    let mut accounts = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let opening = Intent::opening(client.random());
        let user = opening.user();
        let bill = client.perform(opening).await.expect("an account, while everything is well");
        let account = Account { user, bill };
        let deposit = Intent::deposit(client.random(), account, FIRST_DEPOSIT);
        client.perform(deposit).await;
        accounts.push(account);
    }
    Accounts { memory: Memory::of(accounts.iter().map(|account| account.user)), all: accounts }
}
