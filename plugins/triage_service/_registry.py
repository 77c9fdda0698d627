"""The models that a service knows, and the rules by which one becomes the active one."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triage import TriageError
from triage_service._http._problems import Problem
from triage_service._scoring._process import ScoringProcess
from triage_service._store import PROOF, evidence

if TYPE_CHECKING:
    from triage_service._scoring._models import Models
    from triage_service._store import Store

__all__ = ["Registry"]

_log = logging.getLogger("triage_service")


class Registry:
    """The registry of one service; the bundles stay where they are.

    Args:
        models: the pools.
        store: keeps the registry and the log.
        folder: where bundles may be registered from.
    """

    def __init__(self, models: Models, store: Store, folder: Path) -> None:
        self._models = models
        self._store = store
        self._folder = folder

    async def list(self) -> list[dict[str, Any]]:
        """Return what is known of each model, and how it runs now."""
        running = {pool.digest: state for state, pool in self._models.pools.items()}
        compared = self._models.compared
        found = []
        for row in await asyncio.to_thread(self._store.models):
            state = running.get(row.digest, "known")
            shadow = {"compared": compared.texts, "agreed": compared.label} if state == "shadow" else {}
            found.append({"digest": row.digest, "since": row.since, "state": state, **shadow})
        return found

    async def started(self, path: str) -> None:
        """Take up the registry where an earlier run left it.

        The model that the service was started with becomes the active one where it is new. Where it is known and
        another has been promoted since, that one decides: a restart must not undo a promotion. A shadow goes on.
        """
        digest = self._models.active.digest
        rows = {row.state: row for row in await asyncio.to_thread(self._store.models)}
        known = any(row.digest == digest for row in await asyncio.to_thread(self._store.models))
        active, shadow = rows.get("active"), rows.get("shadow")
        if known and active is not None and active.digest != digest:
            try:
                await self._models.promote(active.path, active.digest)
            except TriageError:
                _log.warning("the promoted model %s cannot be loaded; MODEL decides", active.digest[:12])
            else:
                _log.info("the promoted model %s decides, and not MODEL", active.digest[:12])
                return
        await self._entered(digest, "active", who="the service", path=path)
        if shadow is not None and shadow.digest != digest:
            try:
                await self._models.watch(shadow.path, shadow.digest)
            except TriageError:
                _log.warning("the shadow %s cannot be loaded", shadow.digest[:12])

    async def add(self, name: str, who: str) -> str:
        """Load a bundle of the folder once, register it and return its digest.

        Raises:
            Problem: 422, there is no such bundle in the folder, or it cannot be loaded.
        """
        path = (self._folder / name).resolve()
        if self._folder.resolve() not in path.parents or not path.is_dir():
            raise Problem(422, "path must name a bundle in the folder --models")
        try:
            process = await ScoringProcess.start(str(path))
        except TriageError:
            raise Problem(422, "the bundle cannot be loaded; `triage route` on it says why") from None
        digest = str(process.facts["sha256"])
        await process.close()
        await self._entered(digest, "known", who=who, path=str(path))
        return digest

    async def shadow(self, digest: str, who: str) -> dict[str, Any]:
        """Compare a model with the active one."""
        path = await self._path(digest)
        if digest == self._models.active.digest:
            raise Problem(409, "this model is the active one")
        await self._changed(self._models.watch(path, digest))
        await self._entered(digest, "shadow", who=who, path=path)
        return {"digest": digest, "state": "shadow"}

    async def promote(
        self, digest: str, who: str, *, reason: str = "", force: bool = False
    ) -> dict[str, Any]:
        """Make a model the active one.

        Raises:
            Problem: 409, the audits do not show that it is better, and it is not forced with a reason.
        """
        path = await self._path(digest)
        better, worse = await asyncio.to_thread(self._store.paired, self._models.active.digest, digest)
        found = evidence(better, worse)
        if found < PROOF and not (force and reason.strip()):
            raise Problem(
                409,
                f"on audited texts the evidence that it is better is {found:.1f} of {PROOF:.0f} ({better} better, "
                f"{worse} worse); audit more, or give force and a reason",
            )
        return await self._activate(digest, path, who, reason or f"evidence {found:.1f}")

    async def rollback(
        self,
        digest: str,
        who: str,
        *,
        reason: str = "",
        force: bool = False,  # noqa: ARG002 - one body for both
    ) -> dict[str, Any]:
        """Go back to the previous model.

        Raises:
            Problem: 409, it is not the previous one.
        """
        previous = self._models.previous
        if previous is None or previous.digest != digest:
            raise Problem(409, "only the previous model can be rolled back to; use promote for others")
        return await self._activate(digest, await self._path(digest), who, reason or "rollback")

    async def _activate(self, digest: str, path: str, who: str, reason: str) -> dict[str, Any]:
        before = await self._changed(self._models.promote(path, digest))
        await self._entered(digest, "active", who=who, path=path, reason=reason)
        return {"digest": digest, "state": "active", "previous": before}

    async def _entered(self, digest: str, state: str, *, who: str, path: str, reason: str = "") -> None:
        """Record the new state of a model; of the active one, also what it promises and its queues."""
        facts: dict[str, Any] = {}
        if state == "active":
            promise = self._models.active.facts["extra"].get("promise", {})
            facts = {"promise": promise.get("max_error"), "queues": self._models.active.facts["queues"]}
        await asyncio.wrap_future(
            self._store.model_changed(digest, state, who=who, path=path, reason=reason, **facts)
        )

    async def _path(self, digest: str) -> str:
        for row in await asyncio.to_thread(self._store.models):
            if row.digest == digest:
                return row.path
        raise Problem(404, "no model of this digest is registered; POST /v1/models registers one")

    async def _changed(self, change: Any) -> Any:
        try:
            return await change
        except TriageError:
            raise Problem(
                409, "the bundle cannot be loaded, or is another one now; the active model goes on"
            ) from None
