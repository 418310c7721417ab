//! Version 1: tokens, the outbox, kept replies, who wrote lately, uploaded media.

use super::{Index, Step, Table};

pub(super) const STEP: Step = Step {
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
    changes: &[],
    indexes: &[],
};
