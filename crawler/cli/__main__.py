"""`python -m crawler.cli`: the same as `presswatch`."""

from crawler.cli import main

main()
