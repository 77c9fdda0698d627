"""From documents to the parts that a backend is fitted on: cleaning, labels, splits, token ids."""
