DELETE FROM rollouts
WHERE (app_id, provider) IN (SELECT app_id, provider FROM rollouts WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
