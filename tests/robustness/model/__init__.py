"""A model of the whole flow: the real functions in an AWS account in memory, in a virtual time.

    npm run chaos -- --schedules 100000          # random schedules from --seed on, until one breaks
    npm run chaos -- --schedule 4711             # tell the story of one

What is real: everything from the handlers to the adapters, down to calls of boto3's clients.
What is made: the services behind them (`aws/`), decoders and encoders (`media`, `films`), clocks
and chance. So a break is one of the pipeline's, or of what the model believes of AWS.

A schedule (`program`, made of a seed by `schedules`) is what uploaders and operators do, and what
goes wrong: a call of a function fails before or after it had its effect, a worker is killed or
stalls, a service is away, an event comes late, twice or in another order, a release is deployed.
Each client's call goes through `World.call`, where time passes and others may come between: an
invocation is a thread, of which exactly one runs (`baton`, `turns`). The same seed gives the same
trace.

`invariants` says what has to hold at every step, `rest` what when nothing more happens. What breaks
is shrunk to the shortest schedule that breaks the same (`shrink`), and told (`story`).

`special_schedules` have operators do damage, which reconciling has to make good, or a budget for
two films a day (`--of damage`, `--of budget`). `stories` are short schedules that once broke
something. `mutants` are mistakes that the model has to find.

`deployment` reads from serverless.yml and resources/ what the model has to know of it; `code` loads
a second copy of the functions' modules, in which `stubs` stand for clients, clocks and encoders.

What it leaves out: other services' time to become consistent, quotas, the contents of media,
permissions, and what Lambda's own retries cost. A worker that reaches neither the catalog nor its
queue until its time is up counts as killed: nobody can tell the difference.
"""
