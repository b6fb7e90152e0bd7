"""The standalone service: its settings file, its application, and the process that serves it."""
