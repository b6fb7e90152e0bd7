"""Serve an old application on a loopback port, say so in one line, and end when standard input closes."""

import asyncio
import json
import os
import socket
import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

PASSWORD = "correct horse"


def announce(port, **facts):
    sys.stdout.write(json.dumps({"origin": f"http://127.0.0.1:{port}", **facts}) + "\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


def serve_wsgi(app, **facts):
    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = make_server("127.0.0.1", 0, app, server_class=Server, handler_class=Quiet)
    announce(server.server_port, **facts)
    server.serve_forever()


def serve_asgi(app, **facts):
    import uvicorn

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    announce(listener.getsockname()[1], **facts)
    asyncio.run(server.serve(sockets=[listener]))
