"""Where segue meets the outside: HTTP clients and web frameworks, one file each."""
