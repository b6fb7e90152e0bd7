UPDATE segue.tenants
SET config = $3
WHERE app_id = $1 AND tenant_id = $2
