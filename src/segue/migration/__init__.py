"""Trusting a previous provider: its keys, its tokens, its users; and making one sign-in there one session here."""
