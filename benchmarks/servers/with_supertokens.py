"""FastAPI with supertokens-python: its middleware, and `verify_session` as its manual has it."""

from __future__ import annotations

from contextlib import ExitStack

from fastapi import Depends, FastAPI
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe.session import SessionContainer
from supertokens_python.recipe.session.framework.fastapi import verify_session

from benchmarks.peers import supertokens
from benchmarks.servers.engines import engines, key_set
from benchmarks.servers.serve import Application

_PROCESS = ExitStack()
"""Never left: the core is asked as long as the process lives."""


def application() -> Application:
    """`/protected` verifies one of our tokens."""
    hot, _, tokens = engines()
    supertokens.set_up(_PROCESS.enter_context(supertokens.core(key_set(hot))))
    app = FastAPI()
    app.add_middleware(get_middleware())
    given = Depends(verify_session())

    @app.get("/protected")
    async def protected(session: SessionContainer = given) -> dict[str, str]:
        return {"userId": session.get_user_id()}

    return Application({"/protected": app}, tokens)
