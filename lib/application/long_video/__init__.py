"""Long sources: handed over to an execution that plans, encodes ranges, packages and commits.

    processVideo: hand_over ▸ planVideo: plan ▸ encodeRange: encode_range, for each ▸ packageVideo:
    package; failVideo: fail, where one of them cannot

An execution owns the upload's lease from its plan on. What the steps tell each other lies beside
the renditions, in work files; the state machine carries names only.
"""
