"""django-oauth-toolkit 3.4.1 as an OpenID provider: opaque access tokens, RS256 ID tokens, two clients."""

import json
import os

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django_parts import FAST_HASHER, SIGN_IN_PAGE, WITH_SESSIONS
from serving import PASSWORD, serve_wsgi


def new_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind, without = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, without).decode()


REDIRECT = "http://127.0.0.1/callback"
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="of the sessions at its own pages, which do not move",
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=WITH_SESSIONS,
    TEMPLATES=SIGN_IN_PAGE,
    LOGIN_URL="/login",
    PASSWORD_HASHERS=FAST_HASHER,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": new_key(),
        "SCOPES": {"openid": "who you are", "api": "the application's data"},
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402


def rotate(_request):
    known = [oauth2_settings.OIDC_RSA_PRIVATE_KEY, *oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE]
    oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE = known
    oauth2_settings.OIDC_RSA_PRIVATE_KEY = new_key()
    return JsonResponse({"ok": True})


def retire(_request):
    oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE = []
    return JsonResponse({"ok": True})


def block(request):
    User.objects.filter(username=json.loads(request.body)["user"]).update(is_active=False)
    return JsonResponse({"ok": True})


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("login", LoginView.as_view()),
    path("_old/rotate", rotate),
    path("_old/retire", retire),
    path("_old/block", block),
]

call_command("migrate", verbosity=0)
for name in ["ada", "bob", "eve", "tim"]:
    User.objects.create_user(name, f"{name}@example.test", PASSWORD)
for client in ["web", "other"]:
    get_application_model().objects.create(
        name=client,
        client_id=client,
        client_secret=f"the secret of {client}",
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=REDIRECT,
        skip_authorization=True,
        algorithm="RS256",
    )
serve_wsgi(get_wsgi_application(), users={user.username: str(user.pk) for user in User.objects.all()})
