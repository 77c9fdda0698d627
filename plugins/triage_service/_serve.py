"""`triage serve`: the service and the review desk."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import time
from pathlib import Path
from typing import Any

import click

from triage import UsageError
from triage_service._settings import Settings, bind_of, is_loopback, network_of

__all__ = ["command"]

_log = logging.getLogger("triage_service")


@click.command()
@click.argument("model")
@click.option(
    "--db",
    metavar="URL",
    default="sqlite:///desk.db",
    show_default=True,
    help="sqlite:///PATH, or postgresql://… with the extra postgres.",
)
@click.option("--bind", metavar="HOST:PORT", default="127.0.0.1:8088", show_default=True)
@click.option(
    "--host", "hosts", metavar="NAME", multiple=True, help="A further name of this service; repeatable."
)
@click.option(
    "--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Scoring processes."
)
@click.option(
    "--audit-rate",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Chance that a person also looks at what was routed automatically.",
)
@click.option(
    "--second-rate",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Chance that a second person also answers, blind.",
)
@click.option(
    "--on-alarm",
    type=click.Choice(["warn", "review"]),
    default="warn",
    show_default=True,
    help="review: send everything to people while the promise is broken.",
)
@click.option("--no-desk", is_flag=True, help="Only decide; no page and no stored items.")
@click.option(
    "--trust-proxy", "trusted", metavar="CIDR", multiple=True, help="A proxy whose --user-header is believed."
)
@click.option(
    "--user-header", metavar="NAME", default="", help="The header in which that proxy names the person."
)
@click.option("--behind-proxy", is_flag=True, help="A proxy in front speaks TLS; needed beyond loopback.")
@click.option("--tls", nargs=2, metavar="CERT KEY", help="Serve TLS with these PEM files.")
@click.option("--rate", type=click.FloatRange(0), default=0, help="Texts a second for each token. [no limit]")
@click.option(
    "--webhook-host",
    "webhook_hosts",
    metavar="NAME",
    multiple=True,
    help="A host of this network that webhooks may go to.",
)
@click.option(
    "--models", metavar="DIR", default="", help="The folder of models to change to. [that of MODEL]"
)
@click.option(
    "--feed", metavar="CORPUS", help="Stream a corpus into the desk at a human pace, to try it out."
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing on stderr but errors.")
def command(**given: Any) -> None:
    """Serve MODEL: decisions over HTTP, and a desk where people decide what it leaves to them.

    Every request needs a token or a session. The first start prints a link that works once, for the first
    administrator; `triage desk user add` and `triage desk token add` make more. Ctrl-C answers what was taken,
    then stops.

    \b
    Examples:
      triage serve model
      triage serve model --db postgresql://desk@db/desk --bind 0.0.0.0:8088 --behind-proxy --host desk.example.org
      triage route --server http://127.0.0.1:8088 new.csv
    """
    settings = _settings(given)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    _log.setLevel(logging.ERROR if given["quiet"] else logging.INFO)
    asyncio.run(_serve(settings, given))


def _settings(given: dict[str, Any]) -> Settings:
    """Check the options and return them as settings.

    Raises:
        UsageError: an address that others can reach without TLS or a proxy, or half of a proxy's options.
    """
    host, port = bind_of(given["bind"])
    if not is_loopback(host) and not (given["tls"] or given["behind_proxy"]):
        raise UsageError(
            f"--bind {given['bind']} can be reached from other machines: give --tls CERT KEY, or --behind-proxy "
            "where a proxy in front speaks TLS"
        )
    if bool(given["trusted"]) != bool(given["user_header"]):
        raise UsageError("--trust-proxy and --user-header must be given together")
    return Settings(
        model=str(Path(given["model"]).resolve()),
        bind=(host, port),
        hosts=given["hosts"],
        workers=given["workers"],
        desk=not given["no_desk"],
        user_header=given["user_header"],
        trusted=tuple(map(network_of, given["trusted"])),
        secure=bool(given["tls"] or given["behind_proxy"]),
        audit_rate=given["audit_rate"],
        on_alarm=given["on_alarm"],
        rate=given["rate"],
        models=given["models"],
    )


async def _serve(settings: Settings, given: dict[str, Any]) -> None:
    """Open the desk, load the model, and answer until a signal comes."""
    from triage_service._app import application, endpoints_of
    from triage_service._desk import open_desk
    from triage_service._feed import feed, read_corpus
    from triage_service._server import Server, listening
    from triage_service._service import Service
    from triage_service._webhooks import deliver_all

    started = time.perf_counter()
    sock = listening(settings.bind)
    with open_desk(given["db"], settings, second_rate=given["second_rate"]) as desk:
        service = Service(settings, desk, endpoints_of(settings))
        await service.start()

        def ready() -> None:
            seconds = time.perf_counter() - started
            digest = service.models.active.digest[:12]
            _log.info("serving model %s at %s, ready in %.1f s", digest, _url(settings, sock), seconds)
            for line in service.people.welcome(_url(settings, sock)):
                _log.info("%s", line)

        work = [desk.watch_alarm(), deliver_all(desk.store, named=given["webhook_hosts"])]
        if given["feed"]:
            work.append(feed(service, read_corpus(given["feed"])))
        tasks = [asyncio.create_task(each) for each in work]
        server = Server(application(service), tls=given["tls"], on_ready=ready, on_stop=service.stop_soon)
        try:
            await server.serve(sockets=[sock])
        finally:
            for task in tasks:
                task.cancel()
            await service.stop()


def _url(settings: Settings, sock: socket.socket) -> str:
    """Return where the service is reached."""
    host = settings.hosts[0] if settings.hosts else settings.bind[0]
    host = f"[{host}]" if ":" in host else host
    port = "" if settings.hosts else f":{sock.getsockname()[1]}"
    return f"{'https' if settings.secure else 'http'}://{host}{port}"
