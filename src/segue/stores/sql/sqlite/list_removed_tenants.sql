SELECT app_id, tenant_id, removed_at
FROM tenants
WHERE removed_at IS NOT NULL
ORDER BY removed_at
