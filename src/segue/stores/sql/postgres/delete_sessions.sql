-- Rows first and in the order of their handles, the feed last: two that delete cannot deadlock, and the feed is held
-- only until the commit that follows.
WITH doomed AS MATERIALIZED (
    SELECT app_id, handle
    FROM segue.sessions
    WHERE app_id = $1 AND handle IN (SELECT json_array_elements_text($2::json))
    ORDER BY handle
    FOR UPDATE
),
gone AS (
    DELETE FROM segue.sessions AS session
    USING doomed
    WHERE session.app_id = doomed.app_id AND session.handle = doomed.handle
    RETURNING session.handle, session.expires_at
),
feed AS (
    INSERT INTO segue.revocation_feed AS feed (feed_id, newest)
    SELECT 1, count(*) FROM gone HAVING count(*) > 0
    ON CONFLICT (feed_id) DO UPDATE SET newest = feed.newest + excluded.newest
    RETURNING newest, pg_notify('segue_revocations', newest::text)
),
told AS (
    INSERT INTO segue.revocations (sequence, app_id, handle, revoked_at)
    SELECT feed.newest + 1 - row_number() OVER (ORDER BY gone.handle DESC), $1, gone.handle, $3
    FROM gone CROSS JOIN feed
),
released AS (
    UPDATE segue.deliveries AS delivery
    SET due_at = $3, held = 0
    FROM gone
    WHERE delivery.app_id = $1 AND delivery.held = 1 AND delivery.handle = gone.handle
)
SELECT handle FROM gone WHERE expires_at > $3::bigint
