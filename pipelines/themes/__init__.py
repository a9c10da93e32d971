"""Articles are judged by theme. Pure; `pipeline` is the Scrapy shell."""
