-- compatible since: 3

-- A delivery that waits for the first use of the new session.
ALTER TABLE deliveries ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

CREATE INDEX deliveries_held ON deliveries (app_id, handle) WHERE held = 1;

-- Who a provider's people are here. The foreign id is not kept: the digest is of issuer and subject together.
CREATE TABLE identities (
    app_id TEXT NOT NULL,
    subject_digest BLOB NOT NULL,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    -- NULL: reserved, until busy_until, by somebody who is making the user.
    user_id TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('imported', 'created', 'email')),
    linked_at INTEGER NOT NULL,
    busy_until INTEGER,
    PRIMARY KEY (app_id, subject_digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX identities_by_user ON identities (app_id, user_id);
