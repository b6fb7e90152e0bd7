-- compatible since: 3

-- A delivery that waits for the first use of the new session.
ALTER TABLE segue.deliveries ADD COLUMN held smallint NOT NULL DEFAULT 0;

CREATE INDEX deliveries_held ON segue.deliveries (app_id, handle) WHERE held = 1;

-- Who a provider's people are here. The foreign id is not kept: the digest is of issuer and subject together.
CREATE TABLE segue.identities (
    app_id text NOT NULL,
    subject_digest bytea NOT NULL,
    provider text NOT NULL,
    issuer text NOT NULL,
    -- NULL: reserved, until busy_until, by somebody who is making the user.
    user_id text,
    origin text NOT NULL CHECK (origin IN ('imported', 'created', 'email')),
    linked_at bigint NOT NULL,
    busy_until bigint,
    PRIMARY KEY (app_id, subject_digest)
);

CREATE INDEX identities_by_user ON segue.identities (app_id, user_id, subject_digest);
