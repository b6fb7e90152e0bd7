"""A Django project in one file: the stock session middleware, LoginView and LogoutView."""

import json
import os
from importlib import import_module

import django
from django.conf import settings
from django_parts import FAST_HASHER, SIGN_IN_PAGE, WITH_SESSIONS
from serving import PASSWORD, serve_wsgi

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY=os.environ["SECRET"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=WITH_SESSIONS,
    TEMPLATES=SIGN_IN_PAGE,
    SESSION_ENGINE=f"django.contrib.sessions.backends.{os.environ['ENGINE']}",
    LOGIN_REDIRECT_URL="/me",
    LOGOUT_REDIRECT_URL="/me",
    PASSWORD_HASHERS=FAST_HASHER,
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView, LogoutView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402


def me(request):
    return JsonResponse({"user": str(request.user.pk) if request.user.is_authenticated else None})


def visit(request):
    """What an anonymous visitor does."""
    request.session["basket"] = ["tea"]
    return JsonResponse({"ok": True})


def rotate(request):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = json.loads(request.body)["secret"]
    return JsonResponse({"ok": True})


def retire(_request):
    settings.SECRET_KEY_FALLBACKS = []
    return JsonResponse({"ok": True})


def change(request):
    """Changes a user: `password` ends his sessions without deleting one, `active: false` keeps him out."""
    wanted = json.loads(request.body)
    user = User.objects.get(username=wanted["user"])
    if "password" in wanted:
        user.set_password(wanted["password"])
    user.is_active = wanted.get("active", True)
    user.save()
    return JsonResponse({"ok": True})


def end(request):
    """Django ends a session by its key, wherever the engine keeps it."""
    engine = import_module(settings.SESSION_ENGINE)
    engine.SessionStore(json.loads(request.body)["key"]).delete()
    return JsonResponse({"ok": True})


urlpatterns = [
    path("login", LoginView.as_view()),
    path("logout", LogoutView.as_view()),
    path("me", me),
    path("visit", visit),
    path("_old/rotate", rotate),
    path("_old/retire", retire),
    path("_old/change", change),
    path("_old/end", end),
]

call_command("migrate", verbosity=0)
names = ["ada", "bob", "eve", "tim"]
for name in names:
    User.objects.create_user(name, f"{name}@example.test", PASSWORD)
serve_wsgi(get_wsgi_application(), users={user.username: str(user.pk) for user in User.objects.all()})
