-- Instants and spans are milliseconds; digests are raw bytes; JSON is text, because SQLite's own numbers would round it.

-- With a rowid: a row carries its payload, and rows of that size in a primary-key tree cost twice as much to insert.
-- Rotation, the statement that runs most, changes no indexed column: among millions of rows it then writes one page.
CREATE TABLE sessions (
    row_id INTEGER PRIMARY KEY,
    app_id TEXT NOT NULL,
    handle TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    current_digest BLOB NOT NULL,
    previous_digest BLOB,
    secret_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER,
    created_at INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When clean-up looks at the row: never later than expires_at. Rotation leaves it behind, clean-up moves it on.
    sweep_at INTEGER NOT NULL,
    refresh_lifetime INTEGER NOT NULL,
    absolute_expires_at INTEGER,
    static_key INTEGER NOT NULL,
    provider TEXT,
    issuer TEXT,
    subject_digest BLOB,
    claim_id BLOB,
    authenticated_at INTEGER,
    verifier_version TEXT,
    device_label TEXT,
    device_ip TEXT,
    payload TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (app_id, handle)
) STRICT;

CREATE INDEX sessions_by_user ON sessions (app_id, user_id);
CREATE INDEX sessions_by_tenant ON sessions (app_id, tenant_id, created_at);
CREATE INDEX sessions_by_issuer ON sessions (app_id, issuer, created_at) WHERE issuer IS NOT NULL;
CREATE INDEX sessions_by_sweep ON sessions (sweep_at);

-- AUTOINCREMENT: a sequence is never given twice, also when the newest entries have been cleaned up.
CREATE TABLE revocations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id TEXT NOT NULL,
    handle TEXT NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX revocations_by_age ON revocations (revoked_at);

CREATE TABLE signing_keys (
    app_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sealed_private BLOB NOT NULL,
    PRIMARY KEY (app_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
    app_id TEXT NOT NULL,
    claim_id BLOB NOT NULL,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject_digest BLOB NOT NULL,
    user_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    handle TEXT NOT NULL,
    client_digest BLOB,
    claimed_at INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    PRIMARY KEY (app_id, claim_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_end ON claims (keep_until);

CREATE TABLE deliveries (
    row_id INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    claim_id BLOB NOT NULL,
    handle TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    last_error TEXT,
    settled_at INTEGER CHECK ((settled_at IS NULL) = (state = 'pending'))
) STRICT;

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_state ON deliveries (state, created_at);
CREATE INDEX deliveries_by_end ON deliveries (state, settled_at) WHERE settled_at IS NOT NULL;
