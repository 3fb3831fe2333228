//! `api_tokens`: personal access tokens by id, found by the hash of their secret.

use model::{ApiTokenId, UserId, account::ApiToken};

use crate::{IndexSink, Table, TableId, record, table::indexes};

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

indexes! {
    /// The token with a secret of this hash.
    Unique ApiTokenByHash: [u8; 32] => ApiTokens;
    /// The tokens of one person, oldest first.
    Index ApiTokensByUser: UserId => ApiTokens;
}
