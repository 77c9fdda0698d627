"""How the embedded reviews were made: `python -m triage_reviews.generate`. Not part of the wheel."""
