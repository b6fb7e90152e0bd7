DELETE FROM tenants
WHERE (app_id, tenant_id) IN (SELECT app_id, tenant_id FROM tenants WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
