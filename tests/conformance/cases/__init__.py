"""Files with faults of the field's own, and the right value of each."""
