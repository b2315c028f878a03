"""The workflow, where people look for it; see workflow/Snakefile."""


# Not by `include`, which would leave no default target.
module bakeoff:
    snakefile:
        "workflow/Snakefile"


use rule * from bakeoff


# Those of a module are not called by themselves.
onstart:
    bakeoff.onstart()


onsuccess:
    bakeoff.onsuccess()


onerror:
    bakeoff.onerror()
