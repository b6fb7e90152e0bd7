DELETE FROM claims
WHERE (app_id, claim_id) IN (
    SELECT app_id, claim_id FROM claims WHERE keep_until < ?1 ORDER BY keep_until LIMIT ?2
)
RETURNING 1
