-- Those that share an id with one of a list of [user id, external id, info].
SELECT stored.app_id, stored.user_id, stored.external_id, stored.info
FROM json_each(?2) AS given
CROSS JOIN user_id_mappings AS stored ON stored.app_id = ?1 AND stored.user_id = json_extract(given.value, '$[0]')
UNION ALL
SELECT stored.app_id, stored.user_id, stored.external_id, stored.info
FROM json_each(?2) AS given
CROSS JOIN user_id_mappings AS stored ON stored.app_id = ?1 AND stored.external_id = json_extract(given.value, '$[1]')
