INSERT INTO segue.identities AS known (
    app_id, subject_digest, provider, issuer, user_id, origin, linked_at, busy_until
)
VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)
ON CONFLICT (app_id, subject_digest) DO UPDATE
SET user_id = excluded.user_id, origin = excluded.origin, linked_at = excluded.linked_at, busy_until = NULL
WHERE known.user_id IS NULL
RETURNING user_id
