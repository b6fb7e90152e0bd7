"""Django REST framework with simplejwt 5.5.1: its stock views, its blacklist application, one key at a time."""

import json
import os

import django
from django.conf import settings
from django_parts import FAST_HASHER
from serving import PASSWORD, serve_wsgi

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="of no use here: simplejwt has a key of its own",
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
    ],
    PASSWORD_HASHERS=FAST_HASHER,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"]
    },
    SIMPLE_JWT={"SIGNING_KEY": os.environ["SECRET"]},
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt import serializers, state, tokens, views  # noqa: E402
from rest_framework_simplejwt.backends import TokenBackend  # noqa: E402


class Me(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        return Response({"user": str(request.user.pk)})


class NumericSerializer(serializers.TokenObtainPairSerializer):
    """User ids as numbers: what versions before 5.5 write."""

    @classmethod
    def get_token(cls, user):
        token = super().get_token(user)
        token["user_id"] = user.pk
        return token


def sliding(request):
    """A token of another kind under the same key."""
    user = User.objects.get(username=json.loads(request.body)["user"])
    return JsonResponse({"token": str(tokens.SlidingToken.for_user(user))})


def sign(request):
    """It signs, and accepts, with one key; a new one ends every token."""
    wanted = json.loads(request.body)
    public = wanted.get("verifying_key", "")
    state.token_backend = TokenBackend(wanted["algorithm"], wanted["signing_key"], verifying_key=public)
    return JsonResponse({"ok": True})


urlpatterns = [
    path("api/token/", views.TokenObtainPairView.as_view()),
    path("api/token/numeric/", views.TokenObtainPairView.as_view(serializer_class=NumericSerializer)),
    path("api/token/refresh/", views.TokenRefreshView.as_view()),
    path("api/token/blacklist/", views.TokenBlacklistView.as_view()),
    path("me", Me.as_view()),
    path("_old/sliding", sliding),
    path("_old/sign", sign),
]

call_command("migrate", verbosity=0)
for name in ["ada", "bob", "eve", "tim"]:
    User.objects.create_user(name, f"{name}@example.test", PASSWORD)
serve_wsgi(get_wsgi_application(), users={user.username: str(user.pk) for user in User.objects.all()})
