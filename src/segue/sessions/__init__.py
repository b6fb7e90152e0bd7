"""Sessions: what they are, how their refresh tokens rotate, and the flows that create, refresh and revoke them."""
