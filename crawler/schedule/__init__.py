"""presswatch schedule: the daemon, its runs and digests, its signs of life."""
