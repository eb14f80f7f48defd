"""The functions' only callers of AWS: the ports, with botocore's errors made ours."""
