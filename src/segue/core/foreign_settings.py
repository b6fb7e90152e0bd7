"""
Names of the reference core's settings that mean nothing here: recipes that are not served, pools, log files.

House rule: a file may have any other name beside these, for operators carry their files along; an app's `coreConfig`
may not, for whoever writes it believes that it has an effect.
"""

from __future__ import annotations

from segue.core.settings import SETTINGS, called, require_known
from segue.errors import ConfigurationError
from segue.json import JsonObject

MEANINGLESS = frozenset(
    {
        "argon2_hashing_pool_size",
        "argon2_iterations",
        "argon2_memory_kb",
        "argon2_parallelism",
        "bcrypt_log_rounds",
        "bulk_migration_batch_size",
        "bulk_migration_parallelism",
        "core_config_version",
        "deadlock_logger_enable",
        "disable_telemetry",
        "email_verification_token_lifetime",
        "error_log_path",
        "firebase_password_hashing_pool_size",
        "firebase_password_hashing_signer_key",
        "info_log_path",
        "max_server_pool_size",
        "oauth_client_secret_encryption_key",
        "oauth_provider_admin_service_url",
        "oauth_provider_consent_login_base_url",
        "oauth_provider_public_service_url",
        "oauth_provider_url_configured_in_oauth_provider",
        "otel_collector_connection_uri",
        "password_hashing_alg",
        "password_reset_token_lifetime",
        "passwordless_code_lifetime",
        "passwordless_max_code_input_attempts",
        "saml_claims_validity",
        "saml_legacy_acs_url",
        "saml_relay_state_validity",
        "saml_sp_entity_id",
        "supertokens_saas_load_only_cud",
        "supertokens_saas_secret",
        "totp_max_attempts",
        "totp_rate_limit_cooldown_sec",
        "webauthn_recover_account_token_lifetime",
    }
)
_DATABASE = "postgresql_"


def require_understood(config: JsonObject) -> None:
    """
    Refuse names in an app's configuration that its author cannot mean; a null, which takes a value away, is harmless.

    Raises:
        ConfigurationError: the text may be shown to whoever sent the name.
    """
    given = {name: value for name, value in config.items() if value is not None}
    require_known(given)
    for name in given:
        if name.startswith(_DATABASE):
            raise ConfigurationError(
                "all apps share one database: postgresql settings belong to the deployment"
            )
        if name not in SETTINGS and name not in MEANINGLESS:
            raise ConfigurationError(f"there is no setting {called(name)}")
