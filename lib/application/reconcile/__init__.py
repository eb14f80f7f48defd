"""Compare uploads bucket, catalog and renditions bucket, and make good what does not agree.

`findings` says what can be wrong, of three small inputs. `survey` looks for it in bounded steps,
`examine` at one asset. `mend` makes one finding good, and looks again before it does. `rounds` goes
through a whole stage and stops before it deletes much.
"""
