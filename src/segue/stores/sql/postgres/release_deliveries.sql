UPDATE segue.deliveries
SET due_at = $3, held = 0
WHERE app_id = $1 AND held = 1 AND handle IN (SELECT json_array_elements_text($2::json))
RETURNING 1
