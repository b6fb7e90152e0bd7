DELETE FROM rollouts WHERE app_id = ?1 AND provider = ?2
