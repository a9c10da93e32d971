"""presswatch: what pages become."""
