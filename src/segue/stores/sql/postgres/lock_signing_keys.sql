-- Against other instances that add one; nobody who reads waits.
LOCK TABLE segue.signing_keys IN SHARE ROW EXCLUSIVE MODE
