"""Media Pipeline: everything behind the handlers, importable without AWS."""
