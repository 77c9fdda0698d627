"""HTTP: requests in, checked; replies out, as JSON. Decisions come from `_scoring`, people's work from `_store`."""
