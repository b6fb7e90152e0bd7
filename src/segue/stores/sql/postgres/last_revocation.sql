SELECT newest FROM segue.revocation_feed
