"""The core service under load; `python -m benchmarks.core --help` says how."""
