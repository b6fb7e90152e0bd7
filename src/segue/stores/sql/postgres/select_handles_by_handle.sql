SELECT handle
FROM segue.sessions
WHERE app_id = $1 AND handle IN (SELECT json_array_elements_text($2::json))
LIMIT $3
