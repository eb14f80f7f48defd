"""The only callers of AWS: `lib.ports` implemented, with botocore's errors made ours."""
