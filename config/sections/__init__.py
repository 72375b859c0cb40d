"""The sections of the settings, each frozen; every field says its unit and why its default is what it is."""

from config.sections.api import ApiKey, ApiSettings, AuthSettings
from config.sections.limits import LimitSettings
from config.sections.quotas import QuotaSettings
from config.sections.redis import RedisSettings
from config.sections.rest import ClientSettings, LogSettings, TransformSettings
from config.sections.telemetry import TelemetrySettings
from config.sections.webhooks import WebhookSettings
from config.sections.worker import JobSettings, WorkerSettings

__all__ = [
    "ApiKey",
    "ApiSettings",
    "AuthSettings",
    "ClientSettings",
    "JobSettings",
    "LimitSettings",
    "LogSettings",
    "QuotaSettings",
    "RedisSettings",
    "TelemetrySettings",
    "TransformSettings",
    "WebhookSettings",
    "WorkerSettings",
]
