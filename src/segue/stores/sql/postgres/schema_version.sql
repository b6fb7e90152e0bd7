SELECT version, compatible_since FROM segue.schema_version ORDER BY version DESC LIMIT 1
