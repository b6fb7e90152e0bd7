-- compatible since: 1

-- One row an attempt to migrate. The id begins with the instant, so the index grows at its end.
CREATE TABLE segue.attempts (
    app_id text NOT NULL,
    operation_id text COLLATE "C" NOT NULL,
    attempted_at bigint NOT NULL,
    provider text NOT NULL,
    tenant_id text NOT NULL,
    mode text NOT NULL,
    stage text NOT NULL,
    code text NOT NULL,
    retryable smallint NOT NULL,
    verified smallint NOT NULL,
    subject text,
    old_ends_at bigint,
    milliseconds bigint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (app_id, operation_id)
);

-- What is left of attempts that are too old to be kept one by one.
CREATE TABLE segue.attempt_counts (
    app_id text NOT NULL,
    provider text NOT NULL,
    tenant_id text NOT NULL,
    mode text NOT NULL,
    stage text NOT NULL,
    code text NOT NULL,
    retryable smallint NOT NULL,
    verified smallint NOT NULL,
    count bigint NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    old_ends_at bigint,
    PRIMARY KEY (app_id, provider, tenant_id, mode, stage, code, retryable, verified)
);

-- Switches above the configuration, one a provider.
CREATE TABLE segue.rollouts (
    app_id text NOT NULL,
    provider text NOT NULL,
    rollout text NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (app_id, provider)
);

-- Failures that all processes count together.
CREATE TABLE segue.limit_buckets (
    bucket text COLLATE "C" PRIMARY KEY,
    empty_at bigint NOT NULL
);

CREATE INDEX limit_buckets_by_end ON segue.limit_buckets (empty_at);
