"""The commands `triage desk` and `triage models`."""
