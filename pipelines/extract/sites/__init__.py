"""Sites that are known by their pages: selectors in ../data/sites.yaml, and what those cannot say, a file a site."""
