"""`segue demo`: a previous provider, an app and a page that show a migration from beginning to end on one machine."""
