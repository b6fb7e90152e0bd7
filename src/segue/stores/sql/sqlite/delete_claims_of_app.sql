DELETE FROM claims
WHERE (app_id, claim_id) IN (SELECT app_id, claim_id FROM claims WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
