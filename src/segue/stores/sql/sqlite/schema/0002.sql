-- compatible since: 1

-- One row an attempt to migrate. The id begins with the instant, so rows are appended at the end of the table.
CREATE TABLE attempts (
    app_id TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    attempted_at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    stage TEXT NOT NULL,
    code TEXT NOT NULL,
    retryable INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    subject TEXT,
    old_ends_at INTEGER,
    milliseconds INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (app_id, operation_id)
) STRICT, WITHOUT ROWID;

-- What is left of attempts that are too old to be kept one by one.
CREATE TABLE attempt_counts (
    app_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    stage TEXT NOT NULL,
    code TEXT NOT NULL,
    retryable INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    old_ends_at INTEGER,
    PRIMARY KEY (app_id, provider, tenant_id, mode, stage, code, retryable, verified)
) STRICT, WITHOUT ROWID;

-- Switches above the configuration, one a provider.
CREATE TABLE rollouts (
    app_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    rollout TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, provider)
) STRICT, WITHOUT ROWID;

-- Failures that all processes count together.
CREATE TABLE limit_buckets (
    bucket TEXT PRIMARY KEY,
    empty_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX limit_buckets_by_end ON limit_buckets (empty_at);
