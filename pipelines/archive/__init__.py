"""Articles are stored: in the database, and as one Markdown file each."""
