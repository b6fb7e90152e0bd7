SELECT app_id, tenant_id, config, created_at
FROM segue.tenants
WHERE app_id = $1 AND removed_at IS NULL
ORDER BY tenant_id
