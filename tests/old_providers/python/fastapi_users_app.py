"""fastapi-users 15.0.5: a backend of HS256 JWTs, and one of opaque tokens in a table behind a cookie."""

import asyncio
import os
import uuid

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, CookieTransport, JWTStrategy
from fastapi_users.authentication.strategy.db import AccessTokenDatabase, DatabaseStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.schemas import BaseUser, BaseUserCreate
from fastapi_users_db_sqlalchemy.access_token import (
    SQLAlchemyAccessTokenDatabase,
    SQLAlchemyBaseAccessTokenTableUUID,
)
from serving import PASSWORD, serve_asgi
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

signing = {"secret": os.environ["SECRET"]}
mailbox = {}


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    pass


database = create_async_engine(f"sqlite+aiosqlite:///{os.environ['DATABASE']}")
sessions = async_sessionmaker(database, expire_on_commit=False)


async def a_session():
    async with sessions() as session:
        yield session


async def user_table(session=Depends(a_session)):
    yield SQLAlchemyUserDatabase(session, User)


async def token_table(session=Depends(a_session)):
    yield SQLAlchemyAccessTokenDatabase(session, AccessToken)


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    # As many applications do: one secret for everything.
    reset_password_token_secret = verification_token_secret = os.environ["SECRET"]

    async def on_after_forgot_password(self, user, token, request=None):
        mailbox["reset"] = token

    async def on_after_request_verify(self, user, token, request=None):
        mailbox["verify"] = token


async def a_manager(table=Depends(user_table)):
    yield Manager(table)


def by_table(found: AccessTokenDatabase = Depends(token_table)):
    return DatabaseStrategy(found, lifetime_seconds=3600)


def by_jwt():
    return JWTStrategy(secret=signing["secret"], lifetime_seconds=3600)


bearer = AuthenticationBackend(
    name="jwt", transport=BearerTransport(tokenUrl="auth/jwt/login"), get_strategy=by_jwt
)
cookie = AuthenticationBackend(
    name="cookie",
    transport=CookieTransport(cookie_max_age=3600, cookie_secure=False),
    get_strategy=by_table,
)
users = FastAPIUsers[User, uuid.UUID](a_manager, [bearer, cookie])
app = FastAPI()
app.include_router(users.get_auth_router(bearer), prefix="/auth/jwt")
app.include_router(users.get_auth_router(cookie), prefix="/auth/cookie")
app.include_router(users.get_reset_password_router(), prefix="/auth")
app.include_router(users.get_verify_router(BaseUser[uuid.UUID]), prefix="/auth")


@app.get("/me")
async def me(user: User = Depends(users.current_user(active=True))):
    return {"user": str(user.id)}


@app.post("/_old/mailbox")
async def read_mailbox():
    return mailbox


@app.post("/_old/retire")
async def retire(sent: dict[str, str]):
    signing.update(sent)
    return {"ok": True}


async def seeded():
    async with database.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        people = Manager(SQLAlchemyUserDatabase(session, User))
        made = [
            await people.create(BaseUserCreate(email=f"{name}@example.com", password=PASSWORD))
            for name in ("ada", "bob", "eve", "tim")
        ]
    found = {user.email.partition("@")[0]: str(user.id) for user in made}
    await database.dispose()  # its connections belong to this loop
    return found


serve_asgi(app, users=asyncio.run(seeded()))
