"""The pipeline without AWS: a catalog in memory, folders in the place of buckets."""
