-- To empty a removed app.
CREATE INDEX deliveries_by_app ON deliveries (app_id);

-- Which apps there are, and which of their ids are still taken because removed ones are being emptied.
CREATE TABLE apps (
    app_id TEXT NOT NULL PRIMARY KEY,
    config TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX apps_removed ON apps (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE tenants (
    app_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    config TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (app_id, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tenants_removed ON tenants (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE user_id_mappings (
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    info TEXT,
    PRIMARY KEY (app_id, user_id),
    UNIQUE (app_id, external_id)
) STRICT, WITHOUT ROWID;

-- The registry, for those who use it.
CREATE TABLE users (
    app_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (app_id, user_id)
) STRICT, WITHOUT ROWID;
