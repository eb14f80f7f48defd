"""Long sources: handed over to an execution that plans, encodes ranges, packages and commits.

    processVideo: start ▸ planVideo: plan ▸ encodeRange: encode_range, for each ▸ packageVideo:
    package; failVideo: fail, where one of them cannot

An execution owns the upload's lease from its plan on. What one step needs of another lies beside
the renditions, in work files; the state machine carries names only.
"""
