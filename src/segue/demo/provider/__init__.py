"""
The previous provider of the demo: a small OpenID Connect provider that runs as its own process.

It is real where a migration can tell the difference (RFC 6749 code grant with PKCE, RFC 9068 access tokens, rotation,
RFC 7009 revocation, RFC 7662 introspection, RP-initiated logout) and plain everywhere else: everything lives in
memory, keys are made at start, and any password opens any name. House rule: nothing here knows about segue's sessions.
"""
