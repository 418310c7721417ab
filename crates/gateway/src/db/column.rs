//! A row of either driver as a JSON object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};

use super::Row;

/// SQLite gives each value its own type, whatever the column says.
pub(super) fn sqlite_row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let mut object = Row::new();
    for (index, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(index)?;
        let value = if raw.is_null() {
            Value::Null
        } else {
            match raw.type_info().name() {
                "INTEGER" | "BOOLEAN" => row.try_get_unchecked::<i64, _>(index)?.into(),
                "REAL" | "NUMERIC" => row.try_get_unchecked::<f64, _>(index)?.into(),
                "BLOB" => binary(row.try_get_unchecked::<Vec<u8>, _>(index)?),
                _ => row.try_get_unchecked::<String, _>(index)?.into(),
            }
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}

/// MySQL's columns are typed. What JSON has no word for (DECIMAL, dates) becomes the text MySQL writes.
pub(super) fn mysql_row(row: &MySqlRow) -> Result<Row, sqlx::Error> {
    let mut object = Row::new();
    for (index, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(index)?;
        let value =
            if raw.is_null() { Value::Null } else { mysql_value(row, index, raw.type_info().name())? };
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}

fn mysql_value(row: &MySqlRow, index: usize, name: &str) -> Result<Value, sqlx::Error> {
    Ok(match name {
        // TINYINT(1) is named BOOLEAN; it may hold any small number.
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            row.try_get_unchecked::<i64, _>(index)?.into()
        }
        name if name.ends_with("UNSIGNED") || name == "YEAR" || name == "BIT" => {
            row.try_get_unchecked::<u64, _>(index)?.into()
        }
        "FLOAT" => f64::from(row.try_get_unchecked::<f32, _>(index)?).into(),
        "DOUBLE" => row.try_get_unchecked::<f64, _>(index)?.into(),
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            binary(row.try_get_unchecked::<Vec<u8>, _>(index)?)
        }
        "DATE" | "DATETIME" | "TIMESTAMP" | "TIME" => {
            dates::text(&row.try_get_unchecked::<Vec<u8>, _>(index)?, name)
        }
        _ => row.try_get_unchecked::<String, _>(index)?.into(),
    })
}

/// Bytes that are text become text, others Base64.
fn binary(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => STANDARD.encode(error.into_bytes()).into(),
    }
}

/// MySQL's binary protocol for dates and times: a length, then little-endian fields, fewer when the rest is zero.
mod dates {
    use serde_json::Value;

    pub(super) fn text(bytes: &[u8], name: &str) -> Value {
        let at = |index: usize| bytes.get(index + 1).copied().unwrap_or(0);
        if name == "TIME" {
            let days = u32::from_le_bytes([at(1), at(2), at(3), at(4)]);
            let hours = days * 24 + u32::from(at(5));
            let sign = if at(0) == 1 { "-" } else { "" };
            return format!("{sign}{hours:02}:{:02}:{:02}", at(6), at(7)).into();
        }
        let date = format!("{:04}-{:02}-{:02}", u16::from_le_bytes([at(0), at(1)]), at(2), at(3));
        if name == "DATE" {
            return date.into();
        }
        Value::String(format!("{date} {:02}:{:02}:{:02}", at(4), at(5), at(6)))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_date_is_written_as_mysql_writes_it() {
            assert_eq!(text(&[7, 0xea, 0x07, 11, 22, 17, 5, 9], "DATETIME"), "2026-11-22 17:05:09");
            assert_eq!(text(&[4, 0xea, 0x07, 11, 22], "DATE"), "2026-11-22");
            assert_eq!(text(&[8, 0, 1, 0, 0, 0, 2, 3, 4], "TIME"), "26:03:04");
        }
    }
}
