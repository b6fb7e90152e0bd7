INSERT INTO tenants (app_id, tenant_id, config, created_at)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (app_id, tenant_id) DO NOTHING
RETURNING 1
