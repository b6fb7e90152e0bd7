-- To empty a removed app.
CREATE INDEX deliveries_by_app ON segue.deliveries (app_id, position);

-- Which apps there are, and which of their ids are still taken because removed ones are being emptied.
CREATE TABLE segue.apps (
    app_id text NOT NULL PRIMARY KEY,
    config text NOT NULL,
    created_at bigint NOT NULL,
    removed_at bigint
);

CREATE INDEX apps_removed ON segue.apps (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE segue.tenants (
    app_id text NOT NULL,
    tenant_id text NOT NULL,
    config text NOT NULL,
    created_at bigint NOT NULL,
    removed_at bigint,
    PRIMARY KEY (app_id, tenant_id)
);

CREATE INDEX tenants_removed ON segue.tenants (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE segue.user_id_mappings (
    app_id text NOT NULL,
    user_id text NOT NULL,
    external_id text NOT NULL,
    info text,
    PRIMARY KEY (app_id, user_id),
    UNIQUE (app_id, external_id)
);

-- The registry, for those who use it.
CREATE TABLE segue.users (
    app_id text NOT NULL,
    user_id text NOT NULL,
    PRIMARY KEY (app_id, user_id)
);
