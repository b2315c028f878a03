"""Mermaid's flowcharts as drawings in MkDocs's pages: its script would come from another's machine.

Of its language, lines such as `a --> b --> c`. A box stands below all that lead to it.
"""

import re
from html import escape
from itertools import pairwise

WIDTH, HEIGHT, GAP, STEP = 132, 28, 10, 76
"""Of a box, between two beside each other, and from a row to the next, in pixels."""


def on_page_markdown(markdown, page, config, files):
    """Draw each flowchart of a page."""
    return re.sub(r"^```mermaid\n(.*?)^```$", lambda m: drawn(m[1]), markdown, flags=re.M | re.S)


def drawn(flowchart):
    """Return a flowchart as SVG in the colours of the page."""
    chains = [re.split(r"\s*-->\s*", line.strip()) for line in flowchart.splitlines()[1:]]
    arrows = list(dict.fromkeys(pair for chain in chains for pair in pairwise(chain)))
    rows, routes = laid_out(arrows)
    widest = max(sum(map(width_of, row)) + GAP * (len(row) + 1) for row in rows)
    places = {}
    for number, row in enumerate(rows):
        x = (widest - sum(map(width_of, row)) - GAP * (len(row) - 1)) / 2
        for name in row:
            places[name] = x + width_of(name) / 2, 4 + number * STEP
            x += width_of(name) + GAP
    curves = "".join(f'<path d="{curve([places[name] for name in route])}"/>' for route in routes)
    boxes = "".join(
        f'<rect x="{x - WIDTH / 2}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="4"/>'
        f'<text x="{x}" y="{y + 18}" fill="currentColor" stroke="none">{escape(name)}</text>'
        for name, (x, y) in places.items()
        if isinstance(name, str)
    )
    look = 'fill="none" stroke="currentColor" font-size="13" text-anchor="middle"'
    size = f'width="{widest}" viewBox="0 0 {widest} {len(rows) * STEP - HEIGHT}"'
    said = escape("; ".join(f"{first} leads to {second}" for first, second in arrows))
    drawing = f'<g opacity="0.6">{curves}</g>{boxes}'
    return f'<div><svg {size} {look} role="img" aria-label="{said}">{drawing}</svg></div>'


def laid_out(arrows):
    """Return the rows of boxes, and of each arrow the boxes and gaps that it goes through.

    A gap is a pair of an arrow and a row, where the arrow passes between boxes.
    """
    names = list(dict.fromkeys(name for arrow in arrows for name in arrow))
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for first, second in arrows:
            depth[second] = max(depth[second], depth[first] + 1)
    routes = [
        [first, *(((first, second), row) for row in range(depth[first] + 1, depth[second])), second]
        for first, second in arrows
    ]
    rows = [
        [name for name in names if depth[name] == row] for row in range(1 + max(depth.values()))
    ]
    for route in routes:
        for gap in route[1:-1]:
            rows[gap[1]].append(gap)
    # Each as near as may be to the middle of what it hangs on, so that few arrows cross.
    for beside, row in [*pairwise(rows), *pairwise(rows[::-1])] * 4:
        share = {name: (place + 0.5) / len(beside) for place, name in enumerate(beside)}
        row.sort(key=lambda name, share=share: middle(name, routes, share))
    return rows, routes


def middle(name, routes, share):
    """Return the mean of the places, of those that have one, that ``name`` is linked with."""
    links = [pair for route in routes for pair in pairwise(route) if name in pair]
    found = [share[one] for pair in links for one in pair if one in share]
    return sum(found) / len(found) if found else 0.5


def width_of(name):
    return WIDTH if isinstance(name, str) else 0


def curve(points):
    """Return the path through (x, y), upper ends, from below the first box to above the last."""
    path = f"M{points[0][0]} {points[0][1]}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (y + HEIGHT + to_y) / 2
        path += f"V{y + HEIGHT}C{x} {half} {to_x} {half} {to_x} {to_y}"
    return path.replace(f"V{points[0][1] + HEIGHT}", f"m0 {HEIGHT}", 1)
