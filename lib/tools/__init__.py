"""The pipeline without AWS: a memory as `Catalog`, folders as `Storage`."""
