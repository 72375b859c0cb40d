"""The settings for a command: a wrong one ends it with one line."""

from typing import Any

from config import SettingsError, load
from config.settings import Settings
from service.ended import Ended


def effective(**overrides: Any) -> Settings:
    """The effective settings, `overrides` as load() takes them; raises Ended with exit code 2 where one is wrong."""
    try:
        return load(**overrides)
    except SettingsError as error:
        raise Ended(str(error), 2) from None
