SELECT config, removed_at
FROM segue.tenants
WHERE app_id = $1 AND tenant_id = $2
FOR UPDATE
