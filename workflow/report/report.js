"use strict";

function sortBy(table, position, numeric, ascending) {
  const words = new Intl.Collator("en", { numeric: true });
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => {
    const cell = row.cells[position];
    if (!numeric) return { row, value: cell.textContent.trim() || null };
    return { row, value: "value" in cell.dataset ? Number(cell.dataset.value) : null };
  });
  const compare = numeric ? (a, b) => a - b : words.compare;
  rows.sort((a, b) => {
    // What has no value comes last either way.
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
    return (ascending ? 1 : -1) * compare(a.value, b.value);
  });
  body.append(...rows.map((entry) => entry.row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = Array.from(table.tHead.rows[0].cells);
  headers.forEach((header, position) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const ascending = header.getAttribute("aria-sort") !== "ascending";
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, position, header.classList.contains("number"), ascending);
    });
  });
}

// A link to something folded away opens it.
function unfoldTarget() {
  const target = document.getElementById(location.hash.slice(1));
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", unfoldTarget);
if (location.hash) unfoldTarget();

// On paper nothing can be unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = Array.from(document.querySelectorAll("details:not([open])"));
  for (const part of folded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
});
