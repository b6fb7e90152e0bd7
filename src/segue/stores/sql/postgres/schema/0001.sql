-- Instants and spans are milliseconds; digests are raw bytes; JSON is text, because jsonb keeps neither the order of
-- names nor 1.0 apart from 1, and the server never looks inside.
--
-- Every table has the column first in its key by which it can be spread over several servers: sessions by handle,
-- claims by claim_id, deliveries by delivery_id, mappings and users by app_id. The others stay small.

-- Rotation, the statement that runs most, changes no indexed column, so that it writes one row version and no index
-- (a heap-only tuple); the free fifth of each page is for that.
CREATE TABLE segue.sessions (
    app_id text NOT NULL,
    handle text NOT NULL,
    tenant_id text NOT NULL,
    user_id text NOT NULL,
    current_digest bytea NOT NULL,
    previous_digest bytea,
    secret_id bytea NOT NULL,
    generation bigint NOT NULL,
    rotated_at bigint,
    created_at bigint NOT NULL,
    refreshed_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    -- When clean-up looks at the row: never later than expires_at. Rotation leaves it behind, clean-up moves it on.
    sweep_at bigint NOT NULL,
    refresh_lifetime bigint NOT NULL,
    absolute_expires_at bigint,
    static_key smallint NOT NULL,
    provider text,
    issuer text,
    subject_digest bytea,
    claim_id bytea,
    authenticated_at bigint,
    verifier_version text,
    device_label text,
    device_ip text,
    payload text NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (app_id, handle)
) WITH (fillfactor = 80);

CREATE INDEX sessions_by_user ON segue.sessions (app_id, user_id);
CREATE INDEX sessions_by_tenant ON segue.sessions (app_id, tenant_id, created_at);
CREATE INDEX sessions_by_issuer ON segue.sessions (app_id, issuer, created_at) WHERE issuer IS NOT NULL;
CREATE INDEX sessions_by_sweep ON segue.sessions (sweep_at);

CREATE TABLE segue.revocations (
    sequence bigint PRIMARY KEY,
    app_id text NOT NULL,
    handle text NOT NULL,
    revoked_at bigint NOT NULL
);

CREATE INDEX revocations_by_age ON segue.revocations (revoked_at);

-- One row. Whoever appends to the feed holds it until the commit, so that entries become visible in the order of their
-- sequence; a PostgreSQL sequence would show a larger number before a smaller one.
CREATE TABLE segue.revocation_feed (
    feed_id smallint PRIMARY KEY CHECK (feed_id = 1),
    newest bigint NOT NULL
);

INSERT INTO segue.revocation_feed (feed_id, newest) VALUES (1, 0);

CREATE TABLE segue.signing_keys (
    app_id text NOT NULL,
    key_id text NOT NULL,
    kind text NOT NULL,
    algorithm text NOT NULL,
    created_at bigint NOT NULL,
    sealed_private bytea NOT NULL,
    PRIMARY KEY (app_id, key_id)
);

CREATE TABLE segue.claims (
    app_id text NOT NULL,
    claim_id bytea NOT NULL,
    provider text NOT NULL,
    issuer text NOT NULL,
    subject_digest bytea NOT NULL,
    user_id text NOT NULL,
    tenant_id text NOT NULL,
    handle text NOT NULL,
    client_digest bytea,
    claimed_at bigint NOT NULL,
    keep_until bigint NOT NULL,
    PRIMARY KEY (app_id, claim_id)
);

CREATE INDEX claims_by_end ON segue.claims (keep_until);

CREATE TABLE segue.deliveries (
    delivery_id text PRIMARY KEY,
    -- The order of equals.
    position bigint GENERATED ALWAYS AS IDENTITY,
    app_id text NOT NULL,
    provider text NOT NULL,
    claim_id bytea NOT NULL,
    handle text NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    last_error text,
    settled_at bigint CHECK ((settled_at IS NULL) = (state = 'pending'))
);

CREATE INDEX deliveries_due ON segue.deliveries (due_at, position) WHERE state = 'pending';
CREATE INDEX deliveries_by_state ON segue.deliveries (state, created_at, position);
CREATE INDEX deliveries_by_end ON segue.deliveries (state, settled_at) WHERE settled_at IS NOT NULL;
