"""What is wrong with an installation, found before cron does. Nothing is changed; each check is a function."""
