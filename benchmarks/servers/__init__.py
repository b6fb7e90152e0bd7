"""The servers under load: each one process of uvicorn that tells its own CPU time and memory."""
