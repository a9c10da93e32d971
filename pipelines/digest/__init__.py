"""What was kept becomes a daily digest. `build` and `render` take everything as arguments; `issue` stores the cuts."""
