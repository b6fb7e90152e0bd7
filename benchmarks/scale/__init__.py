"""
Tables of millions of sessions: does a refresh take as long as among ten thousand, and does clean-up keep up?

    python -m benchmarks.scale --sessions 5000000 --store sqlite
    python -m benchmarks.scale --sessions 5000000 --store postgres
    python -m benchmarks.scale.lag --store sqlite

Slow commands for a quiet machine with a few gigabytes of disk. House rule: the large table and the small one take turns
within one run, and the sessions that are measured lie scattered among the others.
"""
