SELECT provider, rollout FROM segue.rollouts WHERE app_id = $1
