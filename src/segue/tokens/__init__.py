"""
Our tokens and the strict JOSE below them: base64url, algorithms, keys, compact signatures.

House rule: nothing in this package does I/O or reads a clock, and no error repeats a token, a claim or a key.
"""
