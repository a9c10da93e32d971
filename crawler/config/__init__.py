"""What to watch: the models of everything people edit, and the loader that checks it all at once."""
