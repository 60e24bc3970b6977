//! Who is let in without an API key, and when keys were last used: kept beside the log, and not
//! in it. Both databases are asked the same statements.

use super::Store;
use super::error::StoreError;
use crate::domain::{KeyId, Timestamp, WorkspaceId};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// A browser that logged in.
    Session,
    /// A link to log in with, once.
    Login,
    /// A ticket to open a stream with, once.
    Ticket,
}

impl TokenKind {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Login => "login",
            Self::Ticket => "ticket",
        }
    }
}

/// Names a token: the hash of what its bearer shows.
pub type TokenHash = [u8; 32];

/// Somebody who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who, as JSON.
    pub bearer: String,
    /// When the token was last shown.
    pub seen_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// A token as it stands in the table.
type TokenRow = (String, String, i64, i64);

fn token((workspace, bearer, seen_at_ms, until_ms): TokenRow) -> Option<Token> {
    let workspace = WorkspaceId::parse(&workspace).ok()?;
    let (seen_at, until) = (Timestamp::from_unix_ms(seen_at_ms), Timestamp::from_unix_ms(until_ms));
    Some(Token { workspace, bearer, seen_at, until })
}

impl Store {
    /// Lets somebody in.
    pub async fn keep_token(
        &self,
        hash: TokenHash,
        kind: TokenKind,
        token: &Token,
    ) -> Result<(), StoreError> {
        match self {
            Self::Postgres(store) => store.keep_token(hash, kind, token).await,
            Self::Sqlite(store) => store.keep_token(hash, kind, token).await,
            Self::Memory(store) => {
                store.tokens().insert((hash, kind), token.clone());
                Ok(())
            }
        }
    }

    /// Who is let in by a token.
    pub async fn find_token(
        &self,
        hash: TokenHash,
        kind: TokenKind,
    ) -> Result<Option<Token>, StoreError> {
        match self {
            Self::Postgres(store) => store.find_token(hash, kind).await,
            Self::Sqlite(store) => store.find_token(hash, kind).await,
            Self::Memory(store) => Ok(store.tokens().get(&(hash, kind)).cloned()),
        }
    }

    /// The same, and the token lets nobody in any more.
    pub async fn spend_token(
        &self,
        hash: TokenHash,
        kind: TokenKind,
    ) -> Result<Option<Token>, StoreError> {
        match self {
            Self::Postgres(store) => store.spend_token(hash, kind).await,
            Self::Sqlite(store) => store.spend_token(hash, kind).await,
            Self::Memory(store) => Ok(store.tokens().remove(&(hash, kind))),
        }
    }

    /// Notes when a session was last seen.
    pub async fn renew_token(&self, hash: TokenHash, at: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Postgres(store) => store.renew_token(hash, at).await,
            Self::Sqlite(store) => store.renew_token(hash, at).await,
            Self::Memory(store) => {
                if let Some(token) = store.tokens().get_mut(&(hash, TokenKind::Session)) {
                    token.seen_at = token.seen_at.max(at);
                }
                Ok(())
            }
        }
    }

    /// Forgets the tokens that have ended.
    pub async fn sweep_tokens(&self, now: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Postgres(store) => store.sweep_tokens(now).await,
            Self::Sqlite(store) => store.sweep_tokens(now).await,
            Self::Memory(store) => {
                store.tokens().retain(|_, token| token.until >= now);
                Ok(())
            }
        }
    }

    /// Notes when a key was used. An older time than is known changes nothing.
    pub async fn note_key_use(&self, key_id: &KeyId, at: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Postgres(store) => store.note_key_use(key_id, at).await,
            Self::Sqlite(store) => store.note_key_use(key_id, at).await,
            Self::Memory(_) => Ok(()),
        }
    }

    /// When each key was last used.
    pub async fn key_uses(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        match self {
            Self::Postgres(store) => store.key_uses().await,
            Self::Sqlite(store) => store.key_uses().await,
            Self::Memory(_) => Ok(Vec::new()),
        }
    }
}

/// The statements, once for each driver: their types differ, and nothing else.
macro_rules! token_statements {
    ($store:ty, $within:path) => {
        impl $store {
            pub(super) async fn keep_token(
                &self,
                hash: TokenHash,
                kind: TokenKind,
                token: &Token,
            ) -> Result<(), StoreError> {
                let query = sqlx::query(include_str!("sql/keep_token.sql"))
                    .bind(hash.to_vec())
                    .bind(kind.as_str())
                    .bind(token.workspace.as_str())
                    .bind(token.bearer.as_str())
                    .bind(token.seen_at.unix_ms())
                    .bind(token.until.unix_ms());
                $within(query.execute(&self.beside)).await.map(drop)
            }

            pub(super) async fn find_token(
                &self,
                hash: TokenHash,
                kind: TokenKind,
            ) -> Result<Option<Token>, StoreError> {
                let query = sqlx::query_as(include_str!("sql/find_token.sql"));
                let query = query.bind(hash.to_vec()).bind(kind.as_str());
                Ok($within(query.fetch_optional(&self.beside)).await?.and_then(token))
            }

            pub(super) async fn spend_token(
                &self,
                hash: TokenHash,
                kind: TokenKind,
            ) -> Result<Option<Token>, StoreError> {
                let query = sqlx::query_as(include_str!("sql/spend_token.sql"));
                let query = query.bind(hash.to_vec()).bind(kind.as_str());
                Ok($within(query.fetch_optional(&self.beside)).await?.and_then(token))
            }

            pub(super) async fn renew_token(
                &self,
                hash: TokenHash,
                at: Timestamp,
            ) -> Result<(), StoreError> {
                let query = sqlx::query(include_str!("sql/renew_token.sql"));
                let query = query.bind(hash.to_vec()).bind(at.unix_ms());
                $within(query.execute(&self.beside)).await.map(drop)
            }

            pub(super) async fn sweep_tokens(&self, now: Timestamp) -> Result<(), StoreError> {
                let query = sqlx::query(include_str!("sql/sweep_tokens.sql"));
                $within(query.bind(now.unix_ms()).execute(&self.beside)).await.map(drop)
            }

            pub(super) async fn note_key_use(
                &self,
                key_id: &KeyId,
                at: Timestamp,
            ) -> Result<(), StoreError> {
                let query = sqlx::query(include_str!("sql/note_key_use.sql"));
                let query = query.bind(key_id.as_str()).bind(at.unix_ms());
                $within(query.execute(&self.beside)).await.map(drop)
            }

            pub(super) async fn key_uses(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
                let query = sqlx::query_as(include_str!("sql/key_uses.sql"));
                let rows: Vec<(String, i64)> = $within(query.fetch_all(&self.beside)).await?;
                let used = rows.into_iter().map(|(id, ms)| (id, Timestamp::from_unix_ms(ms)));
                Ok(used.collect())
            }
        }
    };
}

token_statements!(super::postgres::PostgresStore, crate::store::postgres::within);
token_statements!(super::sqlite::SqliteStore, crate::store::sqlite::within);
