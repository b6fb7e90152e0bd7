"""
The core protocol as we serve it, in OpenAPI 3.1: for readers, for generators of clients, for tests of every answer.

    shapes      what members are called on the wire, and of what kind they are
    requests    bodies and queries, one class each
    results     answers to understood requests, one class for each status that they can have
    operations  which of these belong to which method of which path
    document    all of it, written out

House rule: classes here describe and are never filled. Requests are read by `fields`, answers are written by `answers`,
and tests hold both against this.
"""
