INSERT INTO segue.users (app_id, user_id)
SELECT $1::text, given
FROM json_array_elements_text($2::json) AS given
ON CONFLICT DO NOTHING
RETURNING 1
