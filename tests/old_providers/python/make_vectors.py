"""
Cookies and rows as the published packages make them, for tests/vectors/python_cookies.json.

Run in the environment of requirements.txt: `.venv/bin/python make_vectors.py > ../../vectors/python_cookies.json`. The
packages' clock stands still here, so that what they make can be judged at a known instant.
"""

import datetime as dt
import hashlib
import json
import pickle
import sys
import uuid
from base64 import b64encode

NOW = 1_795_435_200  # 2026-11-23T12:00:00Z
SECRET = "an-old-secret-of-these-tests-0123456789-abcdefghijklmnop"
OLDER = "the-secret-before-that-0123456789-abcdefghijklmnopqrstuv"
STRANGE = "a-secret-of-somebody-else-0123456789-abcdefghijklmnopqrs"
PASSWORD_HASH = "pbkdf2_sha256$1000000$saltsaltsaltsaltsaltsa$q0nB1c3Zt0nW2uDFpOeCmS8fIAXhD0mFh1lEkA0m4Hs="
BACKEND = "django.contrib.auth.backends.ModelBackend"
COOKIE_SALT = "django.contrib.sessions.backends.signed_cookies"


def django():
    from django.conf import settings

    settings.configure(SECRET_KEY=SECRET, SECRET_KEY_FALLBACKS=[], INSTALLED_APPS=[], USE_TZ=True)
    import django as package

    package.setup()
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.core import signing
    from django.utils.crypto import salted_hmac

    signing.time.time = lambda: NOW

    class User(AbstractBaseUser):
        class Meta:
            app_label = "vectors"

    user = User(password=PASSWORD_HASH)

    def session(secret=SECRET, **more):
        mark = user._get_session_auth_hash(secret=secret)
        return {"_auth_user_id": "7", "_auth_user_backend": BACKEND, "_auth_user_hash": mark, **more}

    def cookie(content, *, secret=SECRET, salt=COOKIE_SALT, serializer=signing.JSONSerializer):
        return signing.dumps(content, key=secret, salt=salt, serializer=serializer, compress=True)

    def row(content, **more):
        return cookie(content, salt="django.contrib.sessions.SessionStore", **more)

    class Pickled:
        def dumps(self, value):
            return pickle.dumps(value)

    def with_sha1():
        mark = salted_hmac(
            "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash",
            PASSWORD_HASH,
            SECRET,
            algorithm="sha1",
        ).hexdigest()
        signer = signing.TimestampSigner(key=SECRET, salt=COOKIE_SALT, algorithm="sha1")
        return signer.sign_object({**session(), "_auth_user_hash": mark})

    tomorrow = dt.datetime.fromtimestamp(NOW + 86400, dt.UTC)
    basket = {"basket": [{"article": number, "amount": 1} for number in range(40)]}
    return {
        "django_cookies": {
            "good": cookie(session()),
            "compressed": cookie(session(**basket)),
            "older secret": cookie(session(OLDER), secret=OLDER),
            "short": cookie(session(_session_expiry=300)),
            "until": cookie(session(_session_expiry=tomorrow.isoformat())),
            "sha1": with_sha1(),
            "anonymous": cookie({"basket": []}),
            "no mark": cookie(session(_auth_user_hash="")),
            "other back end": cookie(session(_auth_user_backend="somebody.Backend")),
            "other secret": cookie(session(), secret=STRANGE),
            "other purpose": cookie(session(), salt="django.contrib.messages"),
            "row as cookie": row(session()),
            "pickled": cookie(session(), serializer=Pickled),
        },
        "django_rows": {
            "good": row(session()),
            "compressed": row(session(**basket)),
            "older secret": row(session(OLDER), secret=OLDER),
            "mark of a fallback": row(session(OLDER)),
            "long": row(session(_session_expiry=60 * 86400)),
            "anonymous": row({"basket": []}),
            "other secret": row(session(), secret=STRANGE),
            "other class": cookie(session(), salt="django.contrib.sessions.AnotherStore"),
            "cookie as row": cookie(session()),
            "pickled": row(session(), serializer=Pickled),
        },
    }


def flask():
    import itsdangerous.timed
    from flask import Flask
    from flask.sessions import SecureCookieSessionInterface
    from flask_login.utils import encode_cookie
    from markupsafe import Markup

    itsdangerous.timed.time.time = lambda: NOW
    app = Flask(__name__)

    def cookie(content, *, secret=SECRET, salt="cookie-session", digest=None):
        interface = SecureCookieSessionInterface()
        interface.salt = salt
        if digest:
            interface.digest_method = staticmethod(digest)
        app.secret_key = secret
        return interface.get_signing_serializer(app).dumps(content)

    def session(**more):
        return {"_fresh": True, "_id": "0f" * 64, "_permanent": True, "_user_id": "7", **more}

    tags = {
        "tuple": (1, "two"),
        "bytes": b"\x00\x01",
        "uuid": uuid.UUID(int=7),
        "time": dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC),
        "markup": Markup("<b>7</b>"),
        "escaped": {" u": "not an id"},
    }
    return {
        "flask": {
            "good": cookie(session()),
            "compressed": cookie(session(basket=[{"article": 7}] * 40)),
            "tagged": cookie(session(tags=tags)),
            "uuid": cookie(session(_user_id=uuid.UUID(int=7))),
            "number": cookie({"user": {"id": 7}}),
            "sign-in": cookie(session(sign_in="a3f0c5d29b7e4d1c8f60")),
            "times": cookie(
                session(
                    seconds=NOW - 3600.5,
                    whole=NOW - 3600,
                    text="2026-11-23T12:00:00+01:00",
                    flask=dt.datetime(2026, 11, 23, 11, tzinfo=dt.UTC),
                    naive="2026-11-23T11:00:00",
                    future=NOW + 3600,
                )
            ),
            "older secret": cookie(session(), secret=OLDER),
            "bytes secret": cookie(session(), secret=bytes(range(24))),
            "sha256": cookie(session(), digest=hashlib.sha256),
            "anonymous": cookie({"_permanent": True}),
            "other secret": cookie(session(), secret=STRANGE),
            "other salt": cookie(session(), salt="flask-wtf"),
            "remember": encode_cookie("7", key=SECRET),
        }
    }


def starlette():
    import itsdangerous

    def cookie(content, *, secret=SECRET, **more):
        signer = itsdangerous.TimestampSigner(secret, **more)
        return signer.sign(b64encode(json.dumps(content).encode())).decode()

    return {
        "starlette": {
            "good": cookie({"user_id": "7", "name": "Ada Lovelace ☕"}),
            "nested": cookie({"user": {"sub": "7", "email": "ada@example.test"}}),
            "number": cookie({"user_id": 7}),
            "older secret": cookie({"user_id": "7"}, secret=OLDER),
            "anonymous": cookie({"next": "/"}),
            "other secret": cookie({"user_id": "7"}, secret=STRANGE),
            "other salt": cookie({"user_id": "7"}, salt="cookie-session", key_derivation="hmac"),
        }
    }


known = {"now": NOW, "secret": SECRET, "older": OLDER, "password_hash": PASSWORD_HASH}
json.dump({**known, **django(), **flask(), **starlette()}, sys.stdout, indent=1, sort_keys=True)
sys.stdout.write("\n")
