"""The only callers of AWS: `lib.domain.ports` implemented, with botocore's errors made ours."""
