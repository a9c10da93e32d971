"""A page of a WeChat mirror, as html2text left it, to a seed. The crawl reads such pages by the same code."""

from pipelines.extract.docsify import article_markdown, fault_of, take_apart
from pipelines.extract.plain import linked_images, plain_text
from pipelines.seeds.seed import Seed, SeedError, Shape


def is_mirror(text: str) -> bool:
    """Whether the file begins with a title, and then the link back to the account's list or the mirror's notice."""
    file = take_apart(text)
    return bool(file.title) and bool(file.account or file.noticed)


def read_mirror(text: str, name: str) -> Seed:
    """The seed in a file that `is_mirror`. Such a file says neither when nor where the article was published.

    Args:
        text: the file, its line ends those of Unix.
        name: what error messages call it.

    Raises:
        SeedError: a stub, or a backup that failed.
    """
    file = take_apart(text)
    markdown = article_markdown(file)
    fault = fault_of(file, markdown)
    if fault:
        raise SeedError(f"{name}: a mirror page without an article: {fault}")
    return Seed(
        shape=Shape.MIRROR,
        title=file.title,
        markdown=markdown,
        text=plain_text(markdown),
        account=file.account,
        images=linked_images(markdown),
    )
