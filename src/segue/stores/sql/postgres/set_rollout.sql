INSERT INTO segue.rollouts (app_id, provider, rollout, changed_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (app_id, provider) DO UPDATE
SET rollout = excluded.rollout, changed_at = excluded.changed_at
