"""What several processes and machines share through Redis, where `redis_url` is set: run lock, host pace, robots.txt.

Whatever is asked and answered here may be lost: the ledger is the truth. All keys begin with `presswatch:` and lie in
the database number of the URL. Pace and robots.txt are shared by everybody who is given the same number, whichever
ledger he works on: a host is the same host to all. The run lock bears the ledger's own id, so that two installations
on one number do not wait for each other.
"""
