-- As when sessions are deleted by handle, but at most so many: some first, and then these in the order of their handles.
WITH chosen AS MATERIALIZED (
    SELECT handle
    FROM segue.sessions
    WHERE app_id = $1 AND tenant_id = $2
    LIMIT $3
),
doomed AS MATERIALIZED (
    SELECT session.app_id, session.handle
    FROM chosen
    JOIN segue.sessions AS session ON session.app_id = $1 AND session.handle = chosen.handle
    ORDER BY session.handle
    FOR UPDATE OF session
),
gone AS (
    DELETE FROM segue.sessions AS session
    USING doomed
    WHERE session.app_id = doomed.app_id AND session.handle = doomed.handle
    RETURNING session.handle
),
feed AS (
    INSERT INTO segue.revocation_feed AS feed (feed_id, newest)
    SELECT 1, count(*) FROM gone HAVING count(*) > 0
    ON CONFLICT (feed_id) DO UPDATE SET newest = feed.newest + excluded.newest
    RETURNING newest, pg_notify('segue_revocations', newest::text)
),
told AS (
    INSERT INTO segue.revocations (sequence, app_id, handle, revoked_at)
    SELECT feed.newest + 1 - row_number() OVER (ORDER BY gone.handle DESC), $1, gone.handle, $4
    FROM gone CROSS JOIN feed
)
SELECT handle FROM gone
