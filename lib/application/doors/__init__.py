"""What the doors of a stage do for whoever comes from outside: upload, look, delete, fetch."""
