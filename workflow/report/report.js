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
      // The first click puts the best on top: accuracies fall, all else rises.
      const first = header.dataset.best === "highest" ? "descending" : "ascending";
      const sorted = header.getAttribute("aria-sort");
      const ascending = (sorted === first ? (first === "ascending" ? "descending" : "ascending") : first) === "ascending";
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

// What is of one model is lit together: its row of the chart, its rows of tables, its curve.
const ofModel = ".rows li, tbody tr, [data-model]";
function modelOf(part) {
  return part.dataset.model ?? part.querySelector("a[href^='#model-']")?.hash.slice("#model-".length);
}
function light(event) {
  const part = event.target.closest?.(ofModel);
  const model = part && modelOf(part);
  if (model === light.model) return;
  light.model = model;
  for (const other of document.querySelectorAll(ofModel)) {
    other.classList.toggle("lit", Boolean(model) && modelOf(other) === model);
  }
}
addEventListener("mouseover", light);
addEventListener("focusin", light);

// Of many models, those whose names hold some letters are shown.
const rows = document.querySelectorAll("#results > .scroll tbody tr");
if (rows.length > 15) {
  const names = new Map(Array.from(rows, (row) => [modelOf(row), row.cells[0].textContent.trim().toLowerCase()]));
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Show models named …";
  search.setAttribute("aria-label", "Show models whose names hold");
  search.addEventListener("input", () => {
    const letters = search.value.trim().toLowerCase();
    for (const part of document.querySelectorAll(`${ofModel}, .model`)) {
      const model = part.id.startsWith("model-") ? part.id.slice("model-".length) : modelOf(part);
      if (model) part.toggleAttribute("hidden", !(names.get(model) ?? "").includes(letters));
    }
  });
  document.getElementById("accuracy").prepend(search);
}

// Tables are saved as CSV and drawings as SVG, as they are shown.
function offer(part, kind, title, content) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "save";
  button.textContent = kind;
  const what = document.createElement("span");
  what.className = "hidden";
  what.textContent = ` of: ${title}`;
  button.append(what);
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content()], { type: kind === "CSV" ? "text/csv" : "image/svg+xml" }));
    link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, "")}.${kind.toLowerCase()}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  part.after(button);
}

function asCsv(table) {
  const field = (cell) => {
    const text = cell.textContent.trim().replace(/\s+/g, " ");
    const number = text.replace("\u2212", "-").replace(/,/g, "").replace(/ %$/, "");
    return /^-?[\d.]+$/.test(number) ? number : `"${text.replace(/"/g, '""')}"`;
  };
  return Array.from(table.rows, (row) => Array.from(row.cells, field).join(",") + "\r\n").join("");
}

function asSvg(drawing) {
  const style = getComputedStyle(document.documentElement);
  const text = new XMLSerializer().serializeToString(drawing);
  return text.replace(/var\((--\w+)\)/g, (_, name) => style.getPropertyValue(name).trim());
}

for (const part of document.querySelectorAll(".scroll")) {
  const table = part.querySelector("table");
  const title = part.getAttribute("aria-label");
  if (table) offer(part, "CSV", title, () => asCsv(table));
  else offer(part, "SVG", title, () => asSvg(part.querySelector("svg")));
}
