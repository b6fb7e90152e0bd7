-- A list of [user id, external id, info].
INSERT INTO user_id_mappings (app_id, user_id, external_id, info)
SELECT ?1, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
FROM json_each(?2)
WHERE true
ON CONFLICT DO NOTHING
RETURNING user_id, external_id
