"""The peers, each set up as its own manual says and measured at what it does best."""
