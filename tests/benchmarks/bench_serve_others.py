"""Measure `triage serve` beside LitServe, BentoML and MLflow, with the same model behind each.

    python tests/benchmarks/bench_serve_others.py [--others PYTHON] [--seconds N] [--model MODEL]

PYTHON is an interpreter of an environment that has litserve, bentoml and mlflow and can import triage with its
plugins (for example a virtual environment with `pip install litserve bentoml mlflow nlp-triage`). Every server
answers a text with the decision that `triage route` makes, at 32 connections that each send one text after
another; LitServe and BentoML with batching on. The servers run one after the other, on the same machine as the
client. Machines are noisy: trust the ratios.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_serve import TEXT, Server, load, percentile, train

ROUTER = """
import os
import triage
from triage.data.defaults import policy_chain
from triage.routing.router import Router
from triage.routing.decision_writer import record

plugins = triage.Plugins.discover()
model = triage.load_model(os.environ["TRIAGE_MODEL"], plugins)
router = Router(model, policy_chain(model.experiment, plugins), plugins)

def decide(texts):
    rows = [triage.Document(row, text) for row, text in enumerate(texts, start=1)]
    return [record(decision, {"model": model.sha256}) for decision in router.decide_batch(rows)]
"""
LITSERVE = """
import litserve

class Triage(litserve.LitAPI):
    def setup(self, device):
        from router import decide
        self.decide = decide
    def decode_request(self, request):
        return request["text"]
    def predict(self, texts):
        return self.decide(texts)
    def encode_response(self, output):
        return output

if __name__ == "__main__":
    api = Triage(max_batch_size=64, batch_timeout=0.002)
    litserve.LitServer(api, accelerator="cpu", workers_per_device=1).run(port=PORT, generate_client_file=False, log_level="error")
"""
BENTOML = """
import bentoml

@bentoml.service(workers=1, traffic={"timeout": 30})
class Triage:
    def __init__(self):
        from router import decide
        self.decide = decide

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=1000)
    def route(self, text: list[str]) -> list[dict]:
        return self.decide(text)
"""
MLFLOW = """
import mlflow.pyfunc

class Triage(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        from router import decide
        self.decide = decide
    def predict(self, context, model_input, params=None):
        return self.decide(list(model_input["text"]))

if __name__ == "__main__":
    mlflow.pyfunc.save_model("mlmodel", python_model=Triage())
"""


class Other:
    """Another server: its port and its request, as `bench_serve.load` asks."""

    def __init__(self, port, path, body):
        body = json.dumps(body).encode()
        self.port = port
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        self.body = body


OTHERS = {
    "litserve": ("/predict", {"text": TEXT}, ["{python}", "app.py"], LITSERVE),
    "bentoml": ("/route", {"text": [TEXT]}, ["{python}", "-m", "bentoml", "serve", "app:Triage", "--port", "{port}"],
                BENTOML),
    "mlflow": ("/invocations", {"dataframe_split": {"columns": ["text"], "data": [[TEXT]]}},
               ["{python}", "-m", "mlflow", "models", "serve", "-m", "mlmodel", "--env-manager", "local", "-p",
                "{port}", "-w", "1"], MLFLOW),
}  # fmt: skip


@contextlib.contextmanager
def running(name, python, model, port):
    """Run one of the others until it answers, and end its process group afterwards."""
    path, body, command, source = OTHERS[name]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "router.py").write_text(ROUTER, encoding="utf-8")
        pathlib.Path(folder, "app.py").write_text(source.replace("PORT", str(port)), encoding="utf-8")
        search = (
            f"{pathlib.Path(python).parent}{os.pathsep}{os.environ['PATH']}"  # mlflow starts uvicorn by name
        )
        environment = {**os.environ, "PATH": search, "TRIAGE_MODEL": model, "PYTHONPATH": folder, "BENTOML_DO_NOT_TRACK": "1",
                       "MLFLOW_DISABLE_TELEMETRY": "true"}  # fmt: skip
        if name == "mlflow":
            subprocess.run([python, "app.py"], cwd=folder, env=environment, check=True, capture_output=True)
        words = [word.format(python=python, port=port) for word in command]
        log = pathlib.Path(folder, "log").open("w", encoding="utf-8")  # noqa: SIM115 - it outlives the block
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            other = Other(port, path, body)
            for _ in range(240):
                with contextlib.suppress(OSError, asyncio.IncompleteReadError, IndexError):
                    (status, *_), *_ = asyncio.run(load(other, 1, 0.01))
                    if status == 200:
                        break
                time.sleep(0.5)
            else:
                raise SystemExit(f"{name} did not start: {pathlib.Path(folder, 'log').read_text()[-2000:]}")
            yield other
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
            log.close()


def measured(server, seconds):
    asyncio.run(load(server, 32, 2))
    replies = asyncio.run(load(server, 32, seconds))
    took = [1e3 * each for status, _, each in replies if status == 200]
    return {
        "texts_per_second": len(took) / seconds,
        "p50_ms": statistics.median(took),
        "p99_ms": percentile(took, 0.99),
        "not_200": len(replies) - len(took),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--others", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--model")
    given = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or str(pathlib.Path(folder) / "model")
        if not given.model:
            train(model)
        server = Server(model, folder)
        found["triage"] = measured(server, given.seconds)
        server.stop()
        for port, name in enumerate(OTHERS, start=18_100):
            with running(name, given.others, model, port) as other:
                found[name] = measured(other, given.seconds)
    best = max(each["texts_per_second"] for name, each in found.items() if name != "triage")
    found["ratio_to_the_best"] = found["triage"]["texts_per_second"] / best
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
