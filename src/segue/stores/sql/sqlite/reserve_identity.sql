INSERT INTO identities AS known (
    app_id, subject_digest, provider, issuer, user_id, origin, linked_at, busy_until
)
VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, ?7)
ON CONFLICT (app_id, subject_digest) DO UPDATE
SET linked_at = excluded.linked_at, busy_until = excluded.busy_until
WHERE known.user_id IS NULL AND known.busy_until <= excluded.linked_at
RETURNING 1
