"""Recipes: files that say how to train, which several studies or models may name.

``training.recipe: adam_cosine`` names ``recipes/adam_cosine.yaml``, beside one of the study's
config files or in the tool's ``config``. What that file's ``training`` section gives lies under
what else is given in the same place, each setting as a whole; a study's optimizer or schedule
without a name is the recipe's with other settings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.config_files import ConfigFile, NamedFiles
from bakeoff.study.folders import shown_path


class Recipes(NamedFiles):
    """The recipes that files hold, as a study sees them: each is read once."""

    def __init__(self, config_files: Sequence[str | Path], root: str | Path) -> None:
        super().__init__(config_files, root, "recipes")
        self._read: dict[str, ConfigFile] = {}

    def source(self, name: Any) -> ConfigFile:
        """Return the ``training`` section of the recipe ``name``.

        Raises :class:`StudyError`, its text what to say after the key, where there is none.
        """
        if not self.is_name(name):
            raise StudyError(f"{name!r} is no name of a recipe; expected {self._known()}.")
        if name not in self._read:
            file = self.file(name)
            if file is None:
                raise StudyError(
                    f"{name!r} has no file; expected {self._known()}: choose one, or write"
                    f" {shown_path(self.folders[0] / f'{name}.yaml')}."
                )
            source = ConfigFile(file, section="training")
            if not isinstance(source.value.get("training"), dict):
                raise StudyError(
                    f"{name!r}: {source.name} has no section `training:`; expected one with"
                    " settings: add it."
                )
            if "recipe" in source.value["training"]:
                raise StudyError(
                    f"{name!r}: {source.name} names a recipe itself; expected settings: write"
                    " them there."
                )
            self._read[name] = source
        return self._read[name]

    def laid_under(self, training: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings with those of the recipe that they name under them, without its name."""
        own = {key: value for key, value in training.items() if key != "recipe"}
        if training.get("recipe") is None:
            return own
        return laid_over_recipe(own, self.source(training["recipe"]).value["training"])

    def _known(self) -> str:
        return f"one of {', '.join(self.names())}"


def laid_over_recipe(own: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's settings with ``own`` over them."""
    laid = {**recipe, **own}
    for key in ("optimizer", "schedule"):
        given, below = own.get(key), recipe.get(key)
        if isinstance(given, Mapping) and isinstance(below, Mapping) and "name" not in given:
            laid[key] = {**below, **given}
    return laid
