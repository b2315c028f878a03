"""Who gets more seeds, decided after each look by the runs that are there."""


def to_decide():
    """The decisions that the study asks for: those that stand, and the next."""
    if LOOKS is None or config["study"]["finished_only"]:
        return []
    return [look_of(look) for look in range(1, (LOOKS.next or len(LOOKS.decided)) + 1)]


def look_of(look):
    """The path of the decision of that look."""
    return f"<results>/looks/look_{look}.json"


if to_decide():
    FIGURES["race"] = "<results>/figures/seeds.svg"

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
            sources=sources_of("workflow/scripts/decide_look.py"),
        script:
            "../scripts/decide_look.py"


def at_look(wildcards, file):
    """The path of one kind of file for every run that a look is decided by."""
    runs = LOOKS.runs_at(int(wildcards.look))
    return [f"<results>/models/{model}/seed_{seed}/{file}" for model, seed in runs]
