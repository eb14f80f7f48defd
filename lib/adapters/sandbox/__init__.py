"""Foreign bytes are decoded here, in children that know no secret and can reach nothing.

`Sandbox` (`client.py`) is the parent's side, `zygote.py` the process whose children decode,
`lockdown.py` what those give up first, `channel.py` and `answers.py` how the two sides talk.
"""
