"""Flask-JWT-Extended 4.7.4: tokens in headers and in cookies, and a block list of the application's own."""

import os
import secrets

from flask import Flask, abort, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
)
from serving import PASSWORD, serve_wsgi

app = Flask(__name__)
app.config.update(
    JWT_SECRET_KEY=os.environ["SECRET"],
    JWT_TOKEN_LOCATION=["headers", "cookies"],
    JWT_COOKIE_SECURE=False,
)
manager = JWTManager(app)
blocked = set()


@manager.token_in_blocklist_loader
def is_blocked(_header, payload):
    return payload["jti"] in blocked


@app.post("/login")
def login():
    sent = request.get_json()
    if not secrets.compare_digest(sent["password"], PASSWORD):
        abort(401)
    access = create_access_token(identity=sent["user"], fresh=True)
    refresh = create_refresh_token(identity=sent["user"])
    answer = jsonify(access_token=access, refresh_token=refresh)
    set_access_cookies(answer, access)
    set_refresh_cookies(answer, refresh)
    return answer


@app.delete("/logout")
@jwt_required()
def logout():
    blocked.add(get_jwt()["jti"])
    return jsonify(ok=True)


@app.get("/me")
@jwt_required()
def me():
    token = get_jwt()
    return jsonify(
        user=get_jwt_identity(), sign_in=token["jti"], issued_at=token["iat"], ends_at=token["exp"]
    )


@app.post("/_old/blocked")
def asked():
    return jsonify(blocked=request.get_json()["jti"] in blocked)


@app.post("/_old/retire")
def retire():
    app.config["JWT_SECRET_KEY"] = request.get_json()["secret"]
    return jsonify(ok=True)


serve_wsgi(app)
