"""What the Django projects here have in common: a sign-in page, sessions, and passwords that cost no time."""

SIGN_IN_PAGE = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {"registration/login.html": "{% csrf_token %}{{ form }}"},
                )
            ]
        },
    }
]
WITH_SESSIONS = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
FAST_HASHER = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""A test's server: fast, not safe."""
