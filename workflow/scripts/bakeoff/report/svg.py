"""SVG files as parts of a page."""

import re
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from bakeoff.errors import StudyError
from bakeoff.figures.colours import GRID, INK, OF_MODEL, PAPER
from bakeoff.files import pass_on

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_VARIABLES = {INK: "var(--ink)", GRID: "var(--grid)", PAPER: "var(--paper)"}
_THEME = re.compile("|".join(map(re.escape, _VARIABLES)), flags=re.IGNORECASE)
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NUMBER = re.compile(r"-?[\d.]+")
_DRAWING = "figure_1"


def inline_svg(
    file: str | Path, label: str, output: str | Path | None = None, pinned: bool = False
) -> Markup:
    """Return an SVG file's drawing as markup to stand inside a page, labelled ``label``.

    It is ``width`` pixels wide, or as wide as there is room. Its ids are made its own, since ids
    of several drawings on one page would clash. Its ink, grid and paper take the page's colours,
    so that they follow its dark mode. Style attributes become attributes of their own and style
    sheets are dropped, so that the page needs to allow neither. Raises :class:`StudyError` where
    the file is missing or damaged; ``output`` is what to delete then, if not the file: the folder
    that is made as one.

    With ``pinned``, a second drawing follows, of class ``pinned``: what stands left of the axes, to
    lie over the first while that scrolls.
    """
    root = _read(file, output)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
            child.tail = None
        if not (parent.text or "").strip():
            parent.text = None
    # The folder's name too: a model may be called as another figure is.
    prefix = f"{Path(file).parent.name}-{Path(file).stem}-"
    axis = _axis_of(root, f"#{prefix}{_DRAWING}") if pinned else None
    for element in root.iter():
        if element.get("id", "").startswith(OF_MODEL):
            model = element.attrib.pop("id").removeprefix(OF_MODEL).partition("-")[0]
            element.set("data-model", model)
        _flatten_style(element)
        if element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        for name, value in element.attrib.items():
            element.set(name, _adapted(name, value, prefix))
    _drop_unused_ids([root] if axis is None else [root, axis])
    width = root.attrib.pop("width").removesuffix("pt")
    root.attrib.pop("height", None)
    root.attrib |= {
        # Matplotlib's points are the drawing's units; a page's pixels are three quarters of one.
        "width": f"{float(width) * 4 / 3:.0f}",
        "role": "img",
        "aria-label": label,
        # Matplotlib's own style sheet, which would hold for the whole page.
        "stroke-linejoin": "round",
    }
    parts = [root] if axis is None else [root, axis]
    return Markup("".join(ElementTree.tostring(part, encoding="unicode") for part in parts))


def _read(file, output):
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    try:
        return ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError) as error:
        pass_on(error)
        raise StudyError(
            f"{file}: cannot be read ({error}); expected a figure: delete {output or 'it'} and run"
            " snakemake again, which draws it anew."
        ) from error


def _axis_of(root, drawing):
    """Return a drawing of what stands left of the axes of ``root``, or None where it has none.

    Of what is above and below, such as title and legend, it shows nothing.
    """
    panels = [
        [float(number) for number in _NUMBER.findall(group[0][0].get("d", ""))]
        for group in root.iter(f"{{{_SVG}}}g")
        if group.get("id", "").startswith("axes_")
    ]
    if not panels:
        return None
    left = min(min(places[::2]) for places in panels)
    # With half a line of the numbers beside the axes' ends.
    top = min(min(places[1::2]) for places in panels) - 6
    height = max(max(places[1::2]) for places in panels) + 6 - top
    tall = root.get("viewBox", "").split()[-1]
    axis = ElementTree.Element(
        f"{{{_SVG}}}svg",
        {"class": "pinned", "aria-hidden": "true", "viewBox": f"0 0 {left:.2f} {tall}"}
        | {"width": f"{left * 4 / 3:.2f}"},
    )
    place = {"width": f"{left:.2f}", "height": f"{height:.2f}", "y": f"{top:.2f}"}
    ElementTree.SubElement(axis, f"{{{_SVG}}}rect", place | {"fill": _VARIABLES[PAPER]})
    crop = {"viewBox": f"0 {top:.2f} {left:.2f} {height:.2f}"}
    inner = ElementTree.SubElement(axis, f"{{{_SVG}}}svg", place | crop)
    ElementTree.SubElement(inner, f"{{{_SVG}}}use", {"href": drawing})
    edge = {"d": f"M{left:.2f} {top:.2f}v{height:.2f}", "stroke": "var(--line)"}
    ElementTree.SubElement(axis, f"{{{_SVG}}}path", edge)
    return axis


def _flatten_style(element):
    for declaration in filter(str.strip, element.attrib.pop("style", "").split(";")):
        name, _, value = declaration.partition(":")
        element.set(name.strip(), value.strip())


def _adapted(name, value, prefix):
    if name == "id":
        return prefix + value
    if name in ("href", f"{{{_XLINK}}}href"):
        return re.sub(r"^#", f"#{prefix}", value)
    value = _REFERENCE.sub(rf"url(#{prefix}\1)", value)
    value = _THEME.sub(lambda colour: _VARIABLES[_spelt(colour[0])], value)
    value = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", value)
    return value.replace("\n", " ").strip() if name == "d" else value


def _spelt(colour):
    """Return the colour of the theme as its constant spells it."""
    return next(known for known in _VARIABLES if known.lower() == colour.lower())


def _drop_unused_ids(drawings):
    """Leave out the ids that nothing in the drawings points to: Matplotlib names every part."""
    used = set()
    elements = [element for drawing in drawings for element in drawing.iter()]
    for element in elements:
        for name, value in element.attrib.items():
            if name in ("href", f"{{{_XLINK}}}href"):
                used.add(value.removeprefix("#"))
            used.update(_REFERENCE.findall(value))
    for element in elements:
        if element.get("id") not in used:
            element.attrib.pop("id", None)
