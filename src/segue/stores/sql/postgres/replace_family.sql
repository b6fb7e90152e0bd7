UPDATE segue.sessions
SET current_digest = $4,
    previous_digest = $5,
    secret_id = $6,
    generation = $7,
    rotated_at = $8,
    refreshed_at = $9,
    expires_at = $10,
    static_key = $11,
    sweep_at = least(sweep_at, $10::bigint)
WHERE app_id = $1 AND handle = $2 AND current_digest = $3
RETURNING 1
