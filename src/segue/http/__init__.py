"""The session protocol on HTTP, without a framework: a request in, a response and its actions out."""
