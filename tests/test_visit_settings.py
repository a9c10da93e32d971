"""Scrapy's settings of a visit, copied for each: the copy says the same and changes nothing in what it was made of."""

import pytest
from scrapy.settings import BaseSettings, Settings

from crawler.config.models import Settings as Installation
from crawler.visit_settings import visit_settings


@pytest.fixture
def settings():
    return visit_settings(Installation(), recorded=True, stages={"x.Y": 1})


def everything(settings: BaseSettings):
    """Values and priorities, those of settings within settings too."""
    return {
        name: (everything(held.value) if isinstance(held.value, BaseSettings) else held.value, held.priority)
        for name, held in settings.attributes.items()
    }


def test_a_copy_says_what_scrapys_own_says(settings):
    assert everything(settings.copy()) == everything(Settings.copy(settings))


@pytest.mark.parametrize("name", ["USER_AGENT", "ITEM_PIPELINES", "DOWNLOADER_MIDDLEWARES_BASE", "NEW"])
def test_a_change_of_a_copy_stays_there(settings, name):
    before = everything(settings)
    settings.copy().set(name, {"x.Z": 2}, priority="spider")
    assert everything(settings) == before


def test_settings_within_a_copy_are_its_own(settings):
    copied, before = settings.copy(), everything(settings)
    copied["DOWNLOAD_HANDLERS_BASE"].set("https", None)
    assert everything(settings) == before
    assert everything(copied) != before


def test_a_frozen_copy_leaves_the_other_open(settings):
    assert settings.frozencopy().frozen
    assert not settings.copy().frozen
