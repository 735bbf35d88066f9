"""Heat's REST API v1 (the part that exists so far) as an ASGI application."""

from starter.rest.app import create_app

__all__ = ["create_app"]
