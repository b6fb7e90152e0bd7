"""What each path of the core protocol does, one module for a group of them; `table` holds them all."""
