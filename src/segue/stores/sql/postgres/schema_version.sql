SELECT coalesce(max(version), 0) FROM segue.schema_version
