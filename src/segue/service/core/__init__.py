"""
The core service on the wire: the SuperTokens core protocol over HTTP, for published back-end SDKs.

    paths      base path, app, tenant, and the exact path behind them
    headers    who may ask, and in which version of the protocol
    dialect    what a version means
    fields     members of bodies and queries, and the exact words of a refusal
    answers    the protocol's objects
    routes/    what each path does
    service    one request from beginning to end; app is the ASGI around it

House rule: parse, call a flow of `segue.core`, write. No rule of sessions lives here.
"""
