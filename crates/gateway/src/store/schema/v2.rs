//! Version 2: what other programs ask the gateway for.

use super::{Added, Column, Index, Step, Table};

pub(super) const STEP: Step = Step {
    tables: &[
        Table {
            name: "idempotency",
            columns: "account VARCHAR(64) NOT NULL, idem_key VARCHAR(64) NOT NULL, body_digest VARCHAR(64) NOT NULL, \
              answer VARCHAR(64) NOT NULL, done BIGINT NOT NULL, claimed_at BIGINT NOT NULL, \
              expires_at BIGINT NOT NULL",
            key: "account, idem_key",
            indexes: &[Index { name: "idempotency_old", columns: "expires_at", unique: false }],
        },
        Table {
            name: "own_secrets",
            columns: "name VARCHAR(64) NOT NULL, secret VARCHAR(191) NOT NULL",
            key: "name",
            indexes: &[],
        },
        Table {
            name: "oauth_logins",
            columns: "account VARCHAR(64) NOT NULL, code_mark VARCHAR(64) NOT NULL, state_mark VARCHAR(64) NOT NULL, \
              outcome VARCHAR(16) NOT NULL, body MEDIUMTEXT, ticket_mark VARCHAR(64), ticket_until BIGINT NOT NULL, \
              used_at BIGINT NOT NULL, expires_at BIGINT NOT NULL",
            key: "account, code_mark",
            indexes: &[
                Index { name: "oauth_logins_ticket", columns: "account, ticket_mark", unique: false },
                Index { name: "oauth_logins_old", columns: "expires_at", unique: false },
            ],
        },
        Table {
            name: "qrcodes",
            columns: "id VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL, scene VARCHAR(191) NOT NULL, \
              scene_is_number BIGINT NOT NULL, ticket VARCHAR(500) NOT NULL, url VARCHAR(1024) NOT NULL, \
              created_at BIGINT NOT NULL, expires_at BIGINT",
            key: "id",
            indexes: &[
                Index { name: "qrcodes_made", columns: "account, id", unique: false },
                Index { name: "qrcodes_scene", columns: "account, scene", unique: false },
            ],
        },
        Table {
            name: "scans",
            columns: "id VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL, scene VARCHAR(191) NOT NULL, \
              ticket VARCHAR(500) NOT NULL, openid VARCHAR(64) NOT NULL, scanned_at BIGINT NOT NULL, \
              day BIGINT NOT NULL, followed BIGINT NOT NULL",
            key: "id",
            indexes: &[
                Index { name: "scans_scene", columns: "account, scene, id", unique: false },
                Index { name: "scans_user", columns: "account, openid, id", unique: false },
                Index { name: "scans_all", columns: "account, id", unique: false },
            ],
        },
        Table {
            name: "window_grants",
            columns: "account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, grant_id VARCHAR(64) NOT NULL, \
              action VARCHAR(16) NOT NULL, messages_left BIGINT, ends_at BIGINT NOT NULL",
            key: "account, openid, grant_id",
            indexes: &[Index { name: "window_grants_old", columns: "ends_at", unique: false }],
        },
        Table {
            name: "conversations",
            columns: "account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, last_id VARCHAR(64) NOT NULL, \
              last_at BIGINT NOT NULL, last_direction VARCHAR(16) NOT NULL, last_text VARCHAR(500) NOT NULL",
            key: "account, openid",
            indexes: &[
                Index { name: "conversations_last", columns: "account, last_id", unique: false },
                Index { name: "conversations_old", columns: "last_at", unique: false },
            ],
        },
        Table {
            name: "history",
            columns: "id VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, \
              said_at BIGINT NOT NULL, direction VARCHAR(16) NOT NULL, way VARCHAR(32) NOT NULL, \
              kind VARCHAR(64) NOT NULL, words MEDIUMTEXT NOT NULL, body MEDIUMTEXT NOT NULL, \
              state VARCHAR(16) NOT NULL, message_id VARCHAR(64)",
            key: "id",
            indexes: &[
                Index { name: "history_user", columns: "account, openid, id", unique: false },
                Index { name: "history_old", columns: "said_at", unique: false },
            ],
        },
        Table {
            name: "lane_waits",
            columns: "account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, acted_at BIGINT NOT NULL",
            key: "account, openid",
            indexes: &[],
        },
        Table {
            name: "deliveries",
            columns: "account VARCHAR(64) NOT NULL, msgid VARCHAR(64) NOT NULL, delivery VARCHAR(64) NOT NULL, \
              told_at BIGINT NOT NULL",
            key: "account, msgid",
            indexes: &[Index { name: "deliveries_old", columns: "told_at", unique: false }],
        },
        Table {
            name: "batches",
            columns: "id VARCHAR(64) NOT NULL, account VARCHAR(64) NOT NULL, name VARCHAR(191) NOT NULL, \
              state VARCHAR(16) NOT NULL, when_closed VARCHAR(16) NOT NULL, digest VARCHAR(64) NOT NULL, \
              total BIGINT NOT NULL, rejected BIGINT NOT NULL, next_line BIGINT NOT NULL, \
              owner VARCHAR(64) NOT NULL, lease_until BIGINT NOT NULL, fence BIGINT NOT NULL, \
              created_at BIGINT NOT NULL, resumed_at BIGINT NOT NULL, done_before BIGINT NOT NULL, ended_at BIGINT",
            key: "id",
            indexes: &[
                Index { name: "batches_due", columns: "state, lease_until", unique: false },
                Index { name: "batches_made", columns: "account, created_at", unique: false },
            ],
        },
        Table {
            name: "batch_lines",
            columns: "batch VARCHAR(64) NOT NULL, line BIGINT NOT NULL, openid VARCHAR(64) NOT NULL, \
              body MEDIUMTEXT NOT NULL, error VARCHAR(500)",
            key: "batch, line",
            indexes: &[],
        },
        Table {
            name: "forward_letters",
            columns: "account VARCHAR(64) NOT NULL, id VARCHAR(64) NOT NULL, rule VARCHAR(100) NOT NULL, \
              openid VARCHAR(64) NOT NULL, address VARCHAR(191) NOT NULL, state VARCHAR(16) NOT NULL, \
              attempts BIGINT NOT NULL, reason VARCHAR(500) NOT NULL, body MEDIUMTEXT NOT NULL, \
              created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL",
            key: "account, id",
            indexes: &[
                Index { name: "forward_state", columns: "account, state, updated_at", unique: false },
                Index { name: "forward_old", columns: "updated_at", unique: false },
            ],
        },
        Table {
            name: "assistant_use",
            columns: "account VARCHAR(64) NOT NULL, openid VARCHAR(64) NOT NULL, day BIGINT NOT NULL, \
              messages BIGINT NOT NULL, tokens BIGINT NOT NULL",
            key: "account, openid, day",
            indexes: &[Index { name: "assistant_old", columns: "day", unique: false }],
        },
    ],
    changes: &[
        Column { table: "lanes", name: "bulk", kind: "BIGINT NOT NULL DEFAULT 0" },
        Column { table: "outbox", name: "waits", kind: "BIGINT NOT NULL DEFAULT 0" },
        Column { table: "outbox", name: "waiting", kind: "BIGINT NOT NULL DEFAULT 0" },
        Column { table: "outbox", name: "msgid", kind: "VARCHAR(64)" },
    ],
    indexes: &[Added {
        table: "outbox",
        index: Index { name: "outbox_progress", columns: "batch, state, waiting", unique: false },
    }],
};
