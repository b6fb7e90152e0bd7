SELECT provider, rollout FROM rollouts WHERE app_id = ?1
