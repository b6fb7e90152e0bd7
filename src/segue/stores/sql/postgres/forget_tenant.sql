DELETE FROM segue.tenants
WHERE app_id = $1 AND tenant_id = $2
