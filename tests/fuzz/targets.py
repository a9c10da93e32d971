"""All targets by their names."""

from fuzz.articles import ARTICLES
from fuzz.files import FILES
from fuzz.lists import LISTS
from fuzz.texts import TEXTS

TARGETS = {target.name: target for target in (*LISTS, *TEXTS, *ARTICLES, *FILES)}
