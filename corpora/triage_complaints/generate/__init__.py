"""How the embedded complaints were made: `python -m triage_complaints.generate`. Not part of the wheel."""
