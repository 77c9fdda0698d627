"""Tests of the service and the desk; a package, so that its conftest is not taken for that of all tests."""
