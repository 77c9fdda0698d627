import asyncio
import json
import os
import signal

import pytest

from triage import TriageError
from triage_service._scoring._models import Models
from triage_service._scoring._pool import Late, Pool
from triage_service._scoring._queue import Full, Job, Limits, WaitingLine


def rows(*texts):
    return [(number, f"id{number}", text, None) for number, text in enumerate(texts, start=1)]


def run(test, model, **options):
    async def with_pool():
        pool = Pool(model, **options)
        await pool.start()
        try:
            return await test(pool)
        finally:
            await pool.stop()

    return asyncio.run(with_pool())


def labels(lines):
    return [json.loads(line)["label"] for line in lines]


def reasons(lines):
    return [json.loads(line)["reasons"] for line in lines]


def test_every_row_gets_one_decision_in_order_as_route_prints_it(model_path, plugins):
    from triage.data.defaults import policy_chain
    from triage.models.model import load_model
    from triage.records import Document
    from triage.routing.decision_writer import json_lines
    from triage.routing.router import Router

    texts = ["my card", "a loan", "nothing", ""]
    lines = run(lambda pool: pool.score(rows(*texts)), model_path)
    model = load_model(model_path, plugins)
    chain = policy_chain(model.experiment, plugins)
    name, options = chain[-1]
    stamp = {"model": model.sha256, "policy": {"name": name, "options": dict(options)}}
    documents = [Document(number, text, id=f"id{number}") for number, text in enumerate(texts, start=1)]
    expected = json_lines(Router(model, chain, plugins).decide_batch(documents), stamp)
    assert [line.decode() + "\n" for line in lines] == list(expected)


def test_terms_are_named_where_they_are_asked_for(model_path):
    async def both(pool):
        return await asyncio.gather(pool.score(rows("my card")), pool.score(rows("my card"), explain=True))

    plain, explained = run(both, model_path)
    assert "terms" not in json.loads(plain[0])
    assert json.loads(explained[0])["terms"] == [{"term": "card", "weight": 1.0}]


def test_a_text_that_kills_its_process_is_decided_review_and_the_others_are_scored(model_path):
    async def killed(pool):
        return await pool.score(rows("my card", "a killer", "a loan")), pool.restarts, pool.alive

    lines, restarts, alive = run(killed, model_path, limits=Limits(deadline=30))
    assert reasons(lines) == [["confident"], ["engine_failed"], ["confident"]]
    assert [json.loads(line)["action"] for line in lines] == ["route", "review", "route"]
    assert restarts == 3  # the batch, the batch again, the culprit alone
    assert alive == 1


def test_a_text_on_which_the_model_raises_costs_no_process(model_path):
    async def raised(pool):
        return await pool.score(rows("a raiser", "my card")), pool.restarts

    lines, restarts = run(raised, model_path)
    assert reasons(lines) == [["unreadable_row"], ["confident"]]
    assert restarts == 0


def test_a_process_that_does_not_answer_is_killed(model_path):
    lines = run(lambda pool: pool.score(rows("a sleeper")), model_path, limits=Limits(hang=0.3, deadline=30))
    assert reasons(lines) == [["engine_failed"]]


def test_a_process_killed_from_outside_loses_no_request(model_path):
    async def kill_while_scoring(pool):
        (process,) = pool._alive
        asked = asyncio.gather(*(pool.score(rows("slow card", "a loan")) for _ in range(20)))
        await asyncio.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        return await asked

    answers = run(kill_while_scoring, model_path, limits=Limits(deadline=30))
    assert [labels(lines) for lines in answers] == [["card", "loan"]] * 20


def test_the_deadline_is_kept_and_what_is_late_is_forgotten(model_path):
    async def late(pool):
        busy = asyncio.create_task(pool.score(rows(*["slow card"] * 60)))
        await asyncio.sleep(0.01)
        with pytest.raises(Late):
            await pool.score(rows("my card"))
        waiting = pool.waiting
        with pytest.raises(Late):
            await busy
        return waiting

    assert run(late, model_path, limits=Limits(deadline=0.5, batch_texts=8))[0] <= 60


def test_a_stop_answers_what_was_taken_and_ends_every_process(model_path):
    async def stopped():
        pool = Pool(model_path)
        await pool.start()
        (process,) = pool._alive
        asked = asyncio.create_task(pool.score(rows(*["slow card"] * 5)))
        await asyncio.sleep(0.01)
        await pool.stop()
        return await asked, process.pid

    lines, pid = asyncio.run(stopped())
    assert labels(lines) == ["card"] * 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_model_that_is_not_there_is_refused_with_its_exit_code():
    with pytest.raises(TriageError, match="nothing") as refused:
        run(lambda pool: pool.score(rows("x")), "/nonexistent/nothing")
    assert refused.value.exit_code == 66


def test_a_full_line_refuses_and_says_when_to_try_again():
    async def fill():
        line = WaitingLine(Limits(queue_texts=3, queue_characters=100))
        line.add(Job(rows("a", "b"), explain=False), workers=1)
        with pytest.raises(Full) as full:
            line.add(Job(rows("c", "d"), explain=False), workers=1)
        with pytest.raises(Full):
            line.add(Job(rows("x" * 99), explain=False), workers=1)
        return full.value.retry_after

    assert asyncio.run(fill()) >= 1


def test_one_text_waits_for_its_turn_and_not_for_all_of_a_long_request():
    async def turns():
        line = WaitingLine(Limits(batch_texts=20, turn=16))
        line.add(Job(rows(*["long"] * 512), explain=False), workers=1)
        single = Job(rows("short"), explain=False)
        line.add(single, workers=1)
        batch = await line.take()
        return [job is single for job, _ in batch.parts]

    assert asyncio.run(turns()) == [False] * 16 + [True]


def test_promotions_and_rollbacks_under_load_lose_no_request_and_mix_no_digests(model_path, other_model):
    # A hundred of them: tests/benchmarks/bench_serve.py.
    path, digest = other_model

    async def swap():
        models = Models(lambda found: Pool(found, limits=Limits(deadline=30, max_wait=30)))
        await models.start(model_path)
        first = models.active.digest
        answers, busy = [], True

        async def load():
            while busy:
                answers.append(await models.score(rows(*["card fee"] * 20)))

        clients = [asyncio.create_task(load()) for _ in range(4)]
        for number in range(10):
            await models.promote(*((path, digest) if number % 2 == 0 else (model_path, first)))
            await asyncio.sleep(0.02)
        busy = False
        await asyncio.gather(*clients)
        await models.stop()
        return answers, {first, digest}

    answers, digests = asyncio.run(swap())
    assert {found for found, _ in answers} == digests
    for found, lines in answers:
        assert {json.loads(line)["model"] for line in lines} == {found}


def test_a_shadow_is_compared_and_decides_nothing(model_path, other_model):
    async def shadowed():
        models = Models(Pool)
        await models.start(model_path)
        await models.watch(*other_model)
        digest, lines = await models.score(rows("my card", "a fee"))
        for _ in range(100):
            if models.compared.texts:
                break
            await asyncio.sleep(0.01)
        compared = models.compared
        await models.stop()
        return digest, models.active.digest, labels(lines), compared

    digest, active, found, compared = asyncio.run(shadowed())
    assert digest == active
    assert found[0] == "card"
    assert (compared.texts, compared.action) == (2, 0)


def test_a_bundle_with_another_digest_than_registered_is_not_promoted(model_path, other_model):
    async def promote():
        models = Models(Pool)
        await models.start(model_path)
        before = models.active.digest
        with pytest.raises(TriageError):
            await models.promote(other_model[0], "0" * 64)
        after = models.active.digest
        await models.stop()
        return before == after

    assert asyncio.run(promote())
