DELETE FROM segue.signing_keys
WHERE app_id = $1 AND key_id IN (SELECT json_array_elements_text($2::json))
