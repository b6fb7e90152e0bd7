SELECT config, removed_at
FROM tenants
WHERE app_id = ?1 AND tenant_id = ?2
