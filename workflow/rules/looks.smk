"""Who gets more seeds, decided after each look by the runs that are there."""

if LOOKS is not None:

    rule decide_look:
        """Decide after a look which models go on, and whether the study has ended."""
        input:
            data="<results>/data/<dataset>/data.json",
            cards=lambda wildcards: at_look(wildcards, "card.json"),
            predictions=lambda wildcards: at_look(wildcards, "predictions.npz"),
            before=lambda wildcards: [look_of(look) for look in range(1, int(wildcards.look))],
        output:
            decision="<results>/looks/look_{look}.json",
        log:
            "<results>/logs/decide_look/{look}.log",
        wildcard_constraints:
            look="[1-9][0-9]*",
        localrule: True
        conda:
            "../../envs/reporting.yaml"
        params:
            of=LOOKS.of,
            # The looks before may be decided otherwise in this command.
            runs=lambda wildcards: canonical_json(LOOKS.runs_at(int(wildcards.look))),
            fingerprints=lambda wildcards: canonical_json(
                [fingerprint_of_run(*run) for run in LOOKS.runs_at(int(wildcards.look))]
            ),
            sources=sources_of("workflow/scripts/decide_look.py"),
        script:
            "../scripts/decide_look.py"
