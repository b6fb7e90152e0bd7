"""
How fast segue is beside named peers and beside what the machine can do at all; see docs/performance.md.

House rules: both sides alternate within one run, CPU time is printed beside wall time, and only ratios are judged: the
machine is not ours alone.
"""
