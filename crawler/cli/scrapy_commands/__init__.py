"""What the `scrapy` command does differently in this project."""
