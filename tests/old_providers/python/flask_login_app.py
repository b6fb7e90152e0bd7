"""Flask's signed cookie with Flask-Login on top: nothing is kept on the server."""

import os

from flask import Flask, abort, jsonify, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from serving import PASSWORD, serve_wsgi

app = Flask(__name__)
app.secret_key = os.environ["SECRET"]
app.config["SECRET_KEY_FALLBACKS"] = []
manager = LoginManager(app)


class Person(UserMixin):
    def __init__(self, name):
        self.id = name


manager.user_loader(Person)


@app.post("/login")
def login():
    if request.form["password"] != PASSWORD:
        abort(401)
    session.permanent = request.form.get("permanent") == "1"
    login_user(Person(request.form["user"]), remember=request.form.get("remember") == "1")
    return jsonify(ok=True)


@app.post("/logout")
def logout():
    logout_user()
    return jsonify(ok=True)


@app.get("/me")
def me():
    return jsonify(user=current_user.get_id() if current_user.is_authenticated else None)


@app.post("/visit")
def visit():
    """What an anonymous visitor does: a basket, and nobody signed in. `huge` makes a cookie that is compressed."""
    session["basket"] = "x" * int(request.form.get("size", "3"))
    return jsonify(ok=True)


@app.post("/_old/rotate")
def rotate():
    app.config["SECRET_KEY_FALLBACKS"] = [app.secret_key]
    app.secret_key = request.json["secret"]
    return jsonify(ok=True)


@app.post("/_old/retire")
def retire():
    app.config["SECRET_KEY_FALLBACKS"] = []
    return jsonify(ok=True)


serve_wsgi(app)
