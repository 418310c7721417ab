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
    /// Columns added to tables of earlier steps.
    pub(crate) changes: &'static [Column],
    /// Indexes added to tables of earlier steps.
    pub(crate) indexes: &'static [Added],
}

/// An index added to a table.
pub(crate) struct Added {
    pub(crate) table: &'static str,
    pub(crate) index: Index,
}

/// A column added to a table. It must have a default or allow NULL.
pub(crate) struct Column {
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
    kind: &'static str,
}

/// One table, its key and its further indexes.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    columns: &'static str,
    key: &'static str,
    indexes: &'static [Index],
}

/// One further index.
pub(crate) struct Index {
    pub(crate) name: &'static str,
    columns: &'static str,
    unique: bool,
}

mod v1;
mod v2;

/// The steps, the first one makes version 1.
pub(crate) const STEPS: &[Step] = &[v1::STEP, v2::STEP];

impl Column {
    /// The statement that adds it.
    pub(crate) fn statement(&self) -> String {
        format!("ALTER TABLE {} ADD COLUMN {} {}", self.table, self.name, self.kind)
    }
}

impl Added {
    /// The statement that makes it.
    pub(crate) fn statement(&self) -> String {
        let Index { name, columns, unique } = &self.index;
        let unique = if *unique { "UNIQUE " } else { "" };
        format!("CREATE {unique}INDEX {name} ON {} ({columns})", self.table)
    }
}

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
