"""Print the study's models with their sizes."""

from prettytable import PrettyTable

from bakeoff.joblog import job_log, say
from bakeoff.study.readers import read_description


def describe(names, descriptions):
    """Print a table of parameters, multiply-adds and outputs, a row a model.

    ``names`` maps the models to what they are called; ``descriptions`` are the paths of their
    descriptions in the same order.
    """
    table = PrettyTable(["Model", "Key", "Parameters", "Multiply-adds", "Output"])
    table.align = "r"
    table.align["Model"] = table.align["Key"] = "l"
    for (model, name), path in zip(names.items(), descriptions, strict=True):
        found = read_description(path, model)
        counted = "unknown" if found["multiply_adds_not_counted"] else found["multiply_adds"]
        output = ", ".join(map(str, ["n", *found["output_shape"]]))
        table.add_row(
            [name, model, _number(found["parameters"]["total"]), _number(counted), output]
        )
    say(str(table))


def _number(value):
    return value if isinstance(value, str) else f"{value:,}"


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        describe(snakemake.params.names, snakemake.input.descriptions)
