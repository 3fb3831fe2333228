//! `one_time_tokens`: setup, password reset, verification and registration tokens; using one deletes its row.

use model::{OneTimeTokenId, UserId, account::OneTimeToken, account::TokenPurpose};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Single-use tokens.
#[derive(Debug)]
pub struct OneTimeTokens;

impl Table for OneTimeTokens {
    const ID: TableId = TableId::OneTimeTokens;
    type Key = OneTimeTokenId;
    type Row = OneTimeToken;

    fn indexes(row: &OneTimeToken, _key: &OneTimeTokenId, out: &mut IndexSink) {
        out.unique::<OneTimeTokenByHash>(&row.hash);
        let user = match &row.purpose {
            TokenPurpose::PasswordReset { user_id } | TokenPurpose::VerifyEmail { user_id, .. } => {
                Some(*user_id)
            }
            TokenPurpose::Setup | TokenPurpose::Register { .. } => None,
        };
        out.index::<OneTimeTokensByUser>(&user);
    }
}
record!(OneTimeToken, 1);

indexes! {
    /// The token with a secret of this hash.
    Unique OneTimeTokenByHash: [u8; 32] => OneTimeTokens;
    /// The tokens of one person, or of nobody yet (setup and registration).
    Index OneTimeTokensByUser: Option<UserId> => OneTimeTokens;
}
