"""Whatever schemathesis makes of the OpenAPI document, the service answers as it says there."""

import os
import subprocess
import sys

import pytest

from service.serving import Served

pytest.importorskip("schemathesis")


@pytest.mark.slow
def test_no_generated_request_is_answered_otherwise_than_the_document_says(model_path, tmp_path):
    with Served(model_path, tmp_path / "desk.db") as served:
        token = served.program("route", "review", "audit", "admin", "metrics").headers["Authorization"]
        command = [
            sys.executable, "-c", "import schemathesis.cli as c; c.schemathesis()", "run", served.url + "/openapi.json",
            "-H", f"Authorization: {token}", "--exclude-path", "/v1/board/stream", "--max-examples", "25",
            "--checks", ("not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_schema_conformance"), "--seed", "1", "--phases", "examples,coverage,fuzzing",
            "--exclude-checks", "unsupported_method", "--no-color",
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=900, cwd=tmp_path, env=os.environ
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert served.process.poll() is None
        assert "Traceback" not in served.said
