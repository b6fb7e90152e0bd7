DELETE FROM segue.tenants
WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM segue.tenants WHERE app_id = $1 ORDER BY app_id, tenant_id LIMIT $2 FOR UPDATE)
)
RETURNING 1
