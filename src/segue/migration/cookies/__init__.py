"""Sessions of previous applications that are a cookie: read without that application, believed only when proved."""
