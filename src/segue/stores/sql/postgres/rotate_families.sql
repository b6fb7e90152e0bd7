-- Many at once. A row that another transaction holds is passed over, so that a batch never waits and never deadlocks;
-- what is not returned is tried again by itself.
WITH mine AS MATERIALIZED (
    SELECT
        rotation.app_id, rotation.handle, rotation.presented, rotation.successor, rotation.secret_id, rotation.at,
        rotation.static_key
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bigint[], $7::smallint[])
        AS rotation (app_id, handle, presented, successor, secret_id, at, static_key)
    JOIN segue.sessions AS stored ON stored.app_id = rotation.app_id AND stored.handle = rotation.handle
    WHERE stored.current_digest = rotation.presented AND stored.expires_at > rotation.at
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE segue.sessions AS rotated
SET previous_digest = rotated.current_digest,
    current_digest = mine.successor,
    secret_id = mine.secret_id,
    generation = rotated.generation + 1,
    rotated_at = mine.at,
    refreshed_at = mine.at,
    expires_at = least(mine.at + rotated.refresh_lifetime, rotated.absolute_expires_at),
    static_key = coalesce(mine.static_key, rotated.static_key)
FROM mine
WHERE rotated.app_id = mine.app_id AND rotated.handle = mine.handle AND rotated.current_digest = mine.presented
RETURNING
    rotated.app_id, rotated.tenant_id, rotated.handle, rotated.user_id, rotated.payload, rotated.data,
    rotated.current_digest, rotated.previous_digest, rotated.secret_id, rotated.generation, rotated.rotated_at,
    rotated.created_at, rotated.refreshed_at, rotated.expires_at, rotated.refresh_lifetime, rotated.absolute_expires_at, rotated.static_key,
    rotated.provider, rotated.issuer, rotated.subject_digest, rotated.claim_id, rotated.authenticated_at, rotated.verifier_version,
    rotated.device_label, rotated.device_ip
