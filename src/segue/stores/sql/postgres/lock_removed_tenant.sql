SELECT 1
FROM segue.tenants
WHERE app_id = $1 AND tenant_id = $2 AND removed_at = $3
FOR UPDATE
