"""Pages become articles: decoding, main text, title, dates. Pure; `pipeline` is the Scrapy shell."""
