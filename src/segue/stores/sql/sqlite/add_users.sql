INSERT INTO users (app_id, user_id)
SELECT ?1, value
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
RETURNING 1
