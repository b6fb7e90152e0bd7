"""FastAPI with supertokens-python: its middleware, and `verify_session` as its manual has it."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe.session import SessionContainer
from supertokens_python.recipe.session.framework.fastapi import verify_session

from benchmarks.peers import supertokens
from benchmarks.servers.engines import engines, key_set
from benchmarks.servers.serve import Application


def application() -> Application:
    """`/protected` verifies one of our tokens."""
    hot, _, tokens = engines()
    core = supertokens.core(key_set(hot))
    supertokens.set_up(core.__enter__())  # as long as the process
    app = FastAPI()
    app.add_middleware(get_middleware())
    given = Depends(verify_session())

    @app.get("/protected")
    async def protected(session: SessionContainer = given) -> dict[str, str]:
        return {"userId": session.get_user_id()}

    application.core = core  # type: ignore[attr-defined] - kept from being closed
    return Application({"/protected": app}, tokens)
