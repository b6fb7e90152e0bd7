INSERT INTO segue.schema_version (version, compatible_since) VALUES ($1, $2)
