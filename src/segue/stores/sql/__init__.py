"""
What the SQL stores share: the operations as flows, the values as rows, and the methods that run the one on the other.

An operation is a flow of `ask(Statements.execute, …)` and runs in one transaction; the text of its statements lies in
a folder per database, one file each. House rule: nothing here knows which database it is.
"""

from __future__ import annotations
