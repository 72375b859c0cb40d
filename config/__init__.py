"""Settings and logging: the leaves that everything else may import."""

from config.settings import Settings, SettingsError, load

__all__ = ["Settings", "SettingsError", "load"]
