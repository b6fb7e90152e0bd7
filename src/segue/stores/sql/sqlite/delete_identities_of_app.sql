DELETE FROM identities
WHERE (app_id, subject_digest) IN (SELECT app_id, subject_digest FROM identities WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
