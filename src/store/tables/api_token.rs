//! `api_tokens`: personal access tokens by id, found by the hash of their secret.

use model::{ApiTokenId, UserId, account::ApiToken};

use crate::{Index, IndexSink, Table, TableId, Unique, record};

/// Personal access tokens. A revoked token has no row.
#[derive(Debug)]
pub struct ApiTokens;

impl Table for ApiTokens {
    const ID: TableId = TableId::ApiTokens;
    type Key = ApiTokenId;
    type Row = ApiToken;

    fn indexes(row: &ApiToken, _key: &ApiTokenId, out: &mut IndexSink) {
        out.unique::<ApiTokenByHash>(&row.hash);
        out.index::<ApiTokensByUser>(&row.user_id);
    }
}
record!(ApiToken, 1);

/// The token with a secret of this hash.
#[derive(Debug)]
pub struct ApiTokenByHash;

impl Unique for ApiTokenByHash {
    const ID: TableId = TableId::ApiTokenByHash;
    type Table = ApiTokens;
    type Key = [u8; 32];
}

/// The tokens of one person, oldest first.
#[derive(Debug)]
pub struct ApiTokensByUser;

impl Index for ApiTokensByUser {
    const ID: TableId = TableId::ApiTokensByUser;
    type Table = ApiTokens;
    type Key = UserId;
}
