"""How the sources are: who fails, who is silent. Told by the digest and by status."""
