"""
The old provider's process: started, asked, and really ended.

House rule: the child holds the other end of a pipe and ends with it, so no way of ending the demo leaves it behind.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

from segue.demo.provider.__main__ import SECRET_VARIABLE

START_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0


class ProviderFailed(Exception):
    """The provider's process did not come up."""


class ProviderProcess:
    """One old provider at one port; it can be stopped and started again."""

    def __init__(self, *, app_origins: tuple[str, ...], backend_secret: str, port: int) -> None:
        self._app_origins = app_origins
        self._backend_secret = backend_secret
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._issuer = ""

    @property
    def issuer(self) -> str:
        """Where it is, and the `iss` of its tokens; the same after every start."""
        return self._issuer

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """
        Start it and return when it answers; does nothing while it runs.

        Raises:
            ProviderFailed: it ended, or said nothing in time.
        """
        if self.pid is not None:
            return
        origins = [argument for origin in self._app_origins for argument in ("--app-origin", origin)]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "segue.demo.provider", "--port", str(self._port), *origins),
            stdin=PIPE,
            stdout=PIPE,
            env=os.environ | {SECRET_VARIABLE: self._backend_secret},
            # A Ctrl-C at the terminal is for the demo, which then ends this process itself.
            start_new_session=True,
        )
        self._issuer = await self._said_ready(self._process)
        # A free port that was found once is kept: the issuer is the provider's name.
        self._port = int(self._issuer.rpartition(":")[2])

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _said_ready(self, process: asyncio.subprocess.Process) -> str:
        said = process.stdout
        try:
            line = await asyncio.wait_for(said.readline(), START_TIMEOUT) if said else b""
        except TimeoutError:
            line = b""
        if not line:
            await self.stop()
            raise ProviderFailed("the old provider's process did not start")
        return line.decode().strip()
