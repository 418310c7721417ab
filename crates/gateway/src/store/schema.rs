//! The tables, written once for SQLite and MySQL.
//!
//! Only what both understand the same way is used: `VARCHAR`, `BIGINT` and `MEDIUMTEXT` (SQLite reads them as text
//! and integer), times as milliseconds since 1970, `REPLACE INTO`, conditional `UPDATE`. What differs is added when a
//! table is rendered: MySQL wants its indexes inside the table, and a binary collation, because OpenIDs that differ
//! only in case are different people.

use crate::db::Dialect;

/// One step from a schema version to the next. Steps are only ever added.
pub(crate) struct Step {
    pub(crate) tables: &'static [Table],
}

/// One table, its key and its further indexes.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    columns: &'static str,
    key: &'static str,
    indexes: &'static [Index],
}

/// One further index.
struct Index {
    name: &'static str,
    columns: &'static str,
    unique: bool,
}

/// The steps, the first one makes version 1.
pub(crate) const STEPS: &[Step] = &[Step {
    tables: &[
        Table {
            name: "tokens",
            columns: "app_id VARCHAR(64) NOT NULL, fence BIGINT NOT NULL, owner VARCHAR(64) NOT NULL, \
                      lease_until BIGINT NOT NULL, token MEDIUMTEXT, token_fence BIGINT NOT NULL, \
                      expires_at BIGINT NOT NULL",
            key: "app_id",
            indexes: &[],
        },
        Table {
            name: "lanes",
            columns: "account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, owner VARCHAR(64) NOT NULL, \
                      lease_until BIGINT NOT NULL, fence BIGINT NOT NULL, next_seq BIGINT NOT NULL, \
                      due_at BIGINT NOT NULL",
            key: "account, openid",
            indexes: &[Index { name: "lanes_due", columns: "due_at, lease_until", unique: false }],
        },
        Table {
            name: "outbox",
            columns: "id VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, \
                      seq BIGINT NOT NULL, batch VARCHAR(64) NOT NULL, body MEDIUMTEXT NOT NULL, \
                      state VARCHAR(16) NOT NULL, held BIGINT NOT NULL, not_before BIGINT NOT NULL, \
                      created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, \
                      attempts BIGINT NOT NULL, errcode BIGINT, rid VARCHAR(191), detail VARCHAR(500)",
            key: "id",
            indexes: &[
                Index { name: "outbox_place", columns: "account, openid, seq", unique: true },
                Index { name: "outbox_state", columns: "account, openid, state", unique: false },
                Index { name: "outbox_batch", columns: "batch", unique: false },
                Index { name: "outbox_old", columns: "updated_at", unique: false },
            ],
        },
        Table {
            name: "kept_replies",
            columns: "id VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, \
                      kept_at BIGINT NOT NULL, place BIGINT NOT NULL, body MEDIUMTEXT NOT NULL",
            key: "id",
            indexes: &[Index { name: "kept_user", columns: "account, openid", unique: false }],
        },
        Table {
            name: "recent_users",
            columns: "account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, last_at BIGINT NOT NULL, \
                      last_action VARCHAR(64) NOT NULL",
            key: "account, openid",
            indexes: &[Index { name: "recent_last", columns: "account, last_at", unique: false }],
        },
        Table {
            name: "rotations",
            columns: "account VARCHAR(64) NOT NULL, rule VARCHAR(100) NOT NULL, openid VARCHAR(64) NOT NULL, \
                      question VARCHAR(64) NOT NULL, state MEDIUMTEXT NOT NULL, used_at BIGINT NOT NULL",
            key: "account, rule, openid, question",
            indexes: &[],
        },
        Table {
            name: "media",
            columns: "account VARCHAR(64) NOT NULL, address_digest VARCHAR(64) NOT NULL, kind VARCHAR(16) NOT NULL, \
                      address MEDIUMTEXT NOT NULL, content VARCHAR(64) NOT NULL, media_id VARCHAR(191) NOT NULL, \
                      expires_at BIGINT NOT NULL",
            key: "account, address_digest, kind",
            indexes: &[],
        },
        Table {
            name: "account_notes",
            columns: "account VARCHAR(64) NOT NULL, subject VARCHAR(100) NOT NULL, errcode BIGINT NOT NULL, \
                      rid VARCHAR(191), noted_at BIGINT NOT NULL",
            key: "account, subject",
            indexes: &[],
        },
    ],
}];

impl Table {
    /// The statements that make this table where it is missing.
    pub(crate) fn statements(&self, dialect: Dialect) -> Vec<String> {
        let Self { name, columns, key, indexes } = self;
        match dialect {
            Dialect::Sqlite => {
                let table = format!(
                    "CREATE TABLE IF NOT EXISTS {name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"
                );
                let indexes = indexes.iter().map(|index| {
                    let unique = if index.unique { "UNIQUE " } else { "" };
                    format!("CREATE {unique}INDEX IF NOT EXISTS {} ON {name} ({})", index.name, index.columns)
                });
                std::iter::once(table).chain(indexes).collect()
            }
            Dialect::MySql => {
                let mut parts = vec![(*columns).to_owned(), format!("PRIMARY KEY ({key})")];
                parts.extend(indexes.iter().map(|index| {
                    let unique = if index.unique { "UNIQUE " } else { "" };
                    format!("{unique}KEY {} ({})", index.name, index.columns)
                }));
                let parts = parts.join(", ");
                vec![format!(
                    "CREATE TABLE IF NOT EXISTS {name} ({parts}) \
                     ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
                )]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mysql_gets_its_indexes_inside_the_table_and_a_binary_collation() {
        let lanes = &STEPS[0].tables[1];
        let statements = lanes.statements(Dialect::MySql);
        assert_eq!(statements.len(), 1);
        assert!(statements[0].contains("KEY lanes_due (due_at, lease_until)"));
        assert!(statements[0].ends_with("COLLATE utf8mb4_bin"));
    }

    #[test]
    fn sqlite_gets_one_statement_for_each_index() {
        let outbox = &STEPS[0].tables[2];
        let statements = outbox.statements(Dialect::Sqlite);
        assert_eq!(statements.len(), 5);
        assert!(statements[1].starts_with("CREATE UNIQUE INDEX IF NOT EXISTS outbox_place"));
    }
}
