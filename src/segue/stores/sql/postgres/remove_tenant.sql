UPDATE segue.tenants
SET removed_at = $3
WHERE app_id = $1 AND tenant_id = $2 AND removed_at IS NULL
RETURNING 1
