"""A Flask application on the published SDK; the same routes as every SDK's, see ../contract.py."""

from flask import Flask, g, jsonify, request
from sdk import CALLS, PORT, set_up, shown, sign_in, with_role
from supertokens_python.async_to_sync_wrapper import sync
from supertokens_python.framework.flask import Middleware
from supertokens_python.recipe.session.framework.flask import verify_session

set_up("flask", "wsgi")
app = Flask(__name__)
Middleware(app)


@app.get("/ready")
def ready():
    return "ready"


@app.post("/signin")
def signin():
    return jsonify(shown(sync(sign_in(request, request.get_json()))))


@app.route("/me", methods=["GET", "POST"])
@verify_session()
def me():
    return jsonify(shown(g.supertokens))


@app.get("/checked")
@verify_session(check_database=True)
def checked():
    return jsonify(shown(g.supertokens))


@app.post("/merge")
@verify_session()
def merge():
    sync(g.supertokens.merge_into_access_token_payload(request.get_json()))
    return jsonify(shown(g.supertokens))


@app.post("/revoke")
@verify_session()
def revoke():
    sync(g.supertokens.revoke_session())
    return jsonify({})


@app.get("/admin")
@verify_session(override_global_claim_validators=with_role)
def admin():
    return jsonify(shown(g.supertokens))


@app.post("/call/<name>")
def call(name):
    return jsonify({"result": sync(CALLS[name](request.get_json()))})


app.run(host="127.0.0.1", port=PORT, threaded=True)
