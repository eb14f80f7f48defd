"""Decode images in children that know no secret and, where the kernel helps, reach nothing.

The function is the parent: `client.py` is what it calls, `zygote_host.py` starts the process that
forks children, `session.py` works with one child, `proxy.py` is an image that a child has opened,
and `responses.py` reads what a child says, by the checks of `untrusted.py`. `zygote.py` is
that process and its children, which give up everything by `lockdown.py` first. `protocol.py` is how
the two sides talk.
"""
