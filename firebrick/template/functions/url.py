"""make_url: a URL of its parts, each percent-encoded."""

from typing import Any, ClassVar
from urllib.parse import quote, urlencode, uses_netloc

from firebrick.template.functions.base import Function, Lookup, Misuse, Scope
from firebrick.template.problems import kind_of, shorten

_TEXTS = ("scheme", "username", "password", "host", "path", "fragment")
_KEYS = (*_TEXTS, "port", "query")


class MakeUrl(Function):
    """``make_url: {scheme, username, password, host, port, path, query, fragment}``; every part may be missing.

    Parts that are written out are checked with the template; those that functions make, when the value is computed.
    """

    __slots__ = ()
    name: ClassVar[str] = "make_url"
    key: ClassVar[str] = "make_url"
    written_out: ClassVar[bool] = True

    @staticmethod
    def _items(raw: Any, scope: Scope) -> Any:
        return scope.reduce(raw)  # a part that vanished is not there

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        if isinstance(raw, dict):
            cls._check_parts({key: value for key, value in raw.items() if not scope.is_call(value)})

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, dict):
            raise Misuse(
                f"make_url needs a map, and this is {kind_of(arguments)}",
                heat='The arguments to "make_url" must be a map',
                detail=f"There are: {', '.join(_KEYS)}.",
            )
        unknown = [key for key in arguments if key not in _KEYS]
        if unknown:
            names = ", ".join(map(shorten, sorted(unknown)[:20]))
            raise Misuse(
                f"a URL has no {names}",
                heat=f'Invalid arguments to "make_url": {names}',
                detail=f"There are: {', '.join(_KEYS)}.",
                inside=(unknown[0],),
            )

    @classmethod
    def _check_parts(cls, parts: dict[str, Any]) -> None:
        for key in _TEXTS:
            value = parts.get(key, "")
            if not isinstance(value, str):
                raise Misuse(
                    f"{key} must be text, and is {kind_of(value)}",
                    heat=f'The "{key}" argument to "make_url" must be a string',
                    inside=(key,),
                )
        query = parts.get("query", {})
        if not isinstance(query, dict):
            raise Misuse(
                f"query must be a map, and is {kind_of(query)}",
                heat='The "query" argument to "make_url" must be a map',
                inside=("query",),
            )
        if "port" in parts:
            cls._check_port(parts["port"])

    @staticmethod
    def _check_port(given: Any) -> None:
        try:
            port = given if isinstance(given, int) else int(given)
        except (ValueError, TypeError, OverflowError):
            raise Misuse(
                "the port must be a number from 1 to 65535, and is {}",
                heat='Invalid URL port "{}" for make_url',
                value=given,
                inside=("port",),
            ) from None
        if not 0 < port <= 65535:
            raise Misuse(
                "the port must be from 1 to 65535, and is {}",
                heat="Invalid URL port {}, must be in range 1-65535",
                value=given,
                inside=("port",),
            )

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        cls._check_parts(arguments)
        if ":" in arguments.get("scheme", ""):
            raise Misuse("a scheme has no colon", heat="URL \"scheme\" should not contain ':'", inside=("scheme",))
        text = {key: arguments.get(key, "") for key in _TEXTS}
        netloc = cls._netloc(text, arguments.get("port"))
        url = quote(text["path"])
        query = urlencode(arguments.get("query", {})).replace("%2F", "/")
        fragment = quote(text["fragment"])
        scheme = text["scheme"]
        if netloc or (scheme and scheme in uses_netloc and not url.startswith("//")):
            url = f"//{netloc}{'/' if url and not url.startswith('/') else ''}{url}"
        if scheme:
            url = f"{scheme}:{url}"
        if query:
            url = f"{url}?{query}"
        return f"{url}#{fragment}" if fragment else url

    @staticmethod
    def _netloc(text: dict[str, str], port: Any) -> str:
        username, password = quote(text["username"], safe=""), quote(text["password"], safe="")
        host = text["host"]
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        host = quote(host, safe=":")
        netloc = username + (f":{password}" if password else "") + "@" if username or password else ""
        netloc += f"[{host}]" if ":" in host else host
        return f"{netloc}:{port}" if port else netloc
