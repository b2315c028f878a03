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
// A row of a pair is of both: it lights both.
const modelsOf = (part) => part.dataset.model.split(" ");
function light(event) {
  const models = event.target.closest?.("[data-model]")?.dataset.model ?? "";
  if (models === light.models) return;
  light.models = models;
  const lit = new Set(models.split(" "));
  for (const part of document.querySelectorAll("[data-model]")) {
    part.classList.toggle("lit", modelsOf(part).every((model) => lit.has(model)));
  }
}
addEventListener("mouseover", light);
addEventListener("focusin", light);

// Of many models, those whose names hold some letters are shown; of several families, those of one;
// and each is hidden by itself.
const sections = "#models > [data-family]";
const ranked = document.querySelector("#results > .scroll");
const rows = ranked.querySelectorAll("tbody tr");
const names = new Map(Array.from(rows, (row) => [row.dataset.model, row.cells[0].textContent.trim()]));
const families = new Map(Array.from(rows, (row) => [row.dataset.model, row.dataset.family]));
const hidden = new Set();
const search = document.createElement("input");
const family = document.createElement("select");
const filters = document.createElement("div");
const nothing = document.createElement("p");
const restore = buttonOf("", filters);
// The buttons that hide a model, with their titles.
const hiders = new Map();
const matches = (model) => (names.get(model) ?? "").toLowerCase().includes(search.value.trim().toLowerCase()) && (!family.value || families.get(model) === family.value);
const isShown = (model) => matches(model) && !hidden.has(model);
// A row of a pair is shown for either that is looked for, but for none that is hidden.
const areShown = (models) => models.some(matches) && !models.some((model) => hidden.has(model));
let drawShown = () => {};
function showModels() {
  for (const part of document.querySelectorAll("[data-model]")) {
    // A button that hides a model shows it again.
    part.toggleAttribute("hidden", !(part.tagName === "BUTTON" ? matches(part.dataset.model) : areShown(modelsOf(part))));
  }
  for (const part of document.querySelectorAll(sections)) part.toggleAttribute("hidden", !isShown(part.id.slice("model-".length)));
  tellWhatIsLeft();
  drawShown();
}
function tellWhatIsLeft() {
  const left = Array.from(names.keys()).filter(isShown);
  const found = Array.from(names.keys()).filter(matches).length;
  const [of, named] = [family.value ? " of the family" : "", search.value.trim() && ` “${search.value.trim()}” in`];
  if (left.length) nothing.textContent = "";
  else if (found) nothing.textContent = `${found === 1 ? "The model" : "All models"}${of}${named && ` with${named} ${found === 1 ? "its name" : "their names"}`} ${found === 1 ? "is" : "are"} hidden.`;
  else nothing.textContent = `No model${of} has${named} its name.`;
  document.querySelector("#accuracy figure").toggleAttribute("hidden", !left.length);
  // An axis, or a line on those below it, says nothing of no rows.
  const isEmpty = (list) => list !== null && !list.querySelector("li:not([hidden])");
  for (const part of document.querySelectorAll(".accuracies > :is(.axis, figcaption)")) part.toggleAttribute("hidden", isEmpty(document.querySelector(".accuracies > ol")));
  document.querySelector(".accuracies > .note")?.toggleAttribute("hidden", isEmpty(document.querySelector(".accuracies > ul")));
  for (const [button, { model, title }] of hiders) {
    const last = left.length === 1 && left[0] === model;
    button.ariaDisabled = `${last}`;
    button.title = last ? "The last model that is shown stays" : title;
  }
  const away = Array.from(hidden, (model) => names.get(model));
  const more = away.length > 4 ? ` and ${away.length - 3} more` : "";
  restore.toggleAttribute("hidden", !away.length);
  restore.textContent = `Show the hidden again: ${away.slice(0, more ? 3 : 4).join(", ")}${more}`;
  restore.title = more && away.join(", ");
}
function hide(model) {
  hidden.add(model);
  // The last one that is shown stays.
  if (!Array.from(names.keys()).some(isShown)) hidden.delete(model);
  showModels();
}
search.addEventListener("input", showModels);
family.addEventListener("input", showModels);
if (rows.length > 15) {
  search.type = "search";
  search.placeholder = "Show models named …";
  search.setAttribute("aria-label", "Show models whose names hold");
  document.getElementById("accuracy").prepend(search);
}
nothing.className = "note";
nothing.setAttribute("role", "status");
document.querySelector("#accuracy figure").before(nothing);
if (new Set(families.values()).size > 1) {
  family.setAttribute("aria-label", "Show models of the family");
  family.append(new Option("All families", ""), ...Array.from(new Set(families.values()), (name) => new Option(name)));
  filters.prepend(family);
}
filters.className = "switches";
restore.hidden = true;
restore.addEventListener("click", () => {
  hidden.clear();
  showModels();
  ranked.focus();
});
ranked.before(filters);
for (const row of rows) {
  const { model } = row.dataset;
  if (rows.length < 2) continue;
  const button = buttonOf("", row.cells[0]);
  button.className = "hide";
  const title = `Hide ${names.get(model)}, but where drawings have a panel, a row or a cell a model`;
  button.title = button.ariaLabel = title;
  hiders.set(button, { model, title });
  button.addEventListener("click", () => {
    hide(model);
    if (hidden.has(model)) restore.focus();
  });
}

// Tables are saved as CSV and drawings as SVG and PNG, as they are shown.
function offer(part, kinds) {
  const buttons = document.createElement("div");
  buttons.className = "saves";
  for (const [kind, content] of Object.entries(kinds)) {
    const title = () => part.getAttribute("aria-label");
    const button = buttonOf(kind, buttons);
    const what = document.createElement("span");
    what.className = "hidden";
    what.textContent = ` of: ${title()}`;
    button.append(what);
    button.addEventListener("click", async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await content());
      // A file of some models does not go by the name of that of all.
      const some = part.querySelector("[data-model][hidden]") ? " of some models" : "";
      link.download = `${(title() + some).replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, "")}.${kind.toLowerCase()}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
  part.after(buttons);
}

function buttonOf(text, parent) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  parent.append(button);
  return button;
}

function asCsv(table) {
  const field = (cell) => {
    const text = cell.textContent.trim().replace(/\s+/g, " ");
    const number = text.replace("\u2212", "-").replace(/,/g, "").replace(/ %$/, "");
    return /^-?[\d.]+$/.test(number) ? number : `"${text.replace(/"/g, '""')}"`;
  };
  const shown = Array.from(table.rows).filter((row) => !row.hidden);
  const lines = Array.from(shown, (row) => Array.from(row.cells, field).join(",") + "\r\n");
  return new Blob(lines, { type: "text/csv" });
}

const valueOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function svgText(drawing) {
  const copy = drawing.cloneNode(true);
  // The page's style hides these, which a file has not.
  for (const part of copy.querySelectorAll("[hidden]")) part.remove();
  // Some programs, and canvases, need the size in so many words.
  const { width, height } = drawing.viewBox.baseVal;
  for (const [name, value] of Object.entries({ width, height })) copy.setAttribute(name, value);
  const text = new XMLSerializer().serializeToString(copy);
  return text.replace(/var\((--\w+)\)/g, (_, name) => valueOf(name));
}

const asSvg = (drawing) => new Blob([svgText(drawing)], { type: "image/svg+xml" });

async function asPng(drawing) {
  const picture = new Image();
  picture.src = `data:image/svg+xml,${encodeURIComponent(svgText(drawing))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  // Sharp on slides, and not larger than browsers' canvases may be.
  const scale = Math.min(4, 8000 / Math.max(picture.width, picture.height));
  canvas.width = scale * picture.width;
  canvas.height = scale * picture.height;
  const brush = canvas.getContext("2d");
  brush.fillStyle = valueOf("--paper");
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

for (const part of document.querySelectorAll(".scroll")) {
  const table = part.querySelector("table");
  const drawing = () => part.querySelector("svg:not([hidden])");
  if (table) offer(part, { CSV: () => asCsv(table) });
  else offer(part, { SVG: () => asSvg(drawing()), PNG: () => asPng(drawing()) });
}

// The losses of all models: of training instead of validation, on a linear scale, or of some models.
function ticksOf(low, high, log, most) {
  const steps = (power) => [1, 2, 5].map((factor) => Number(`${factor}e${power}`));
  const powers = (start, end) => Array.from({ length: end - start + 1 }, (_, place) => start + place);
  const exponent = (value) => Math.floor(Math.log10(value));
  if (!log) {
    const step = powers(exponent(high / most), exponent(high) + 1).flatMap(steps).find((size) => size * most >= high);
    return Array.from({ length: Math.ceil(high / step) + 1 }, (_, place) => Number((place * step).toPrecision(6)));
  }
  const all = powers(exponent(low) - 1, exponent(high) + 1).flatMap(steps);
  return all.slice(all.findLastIndex((tick) => tick <= low), all.findIndex((tick) => tick > high) + 1);
}

function drawLosses(models, column, log) {
  const losses = models.flatMap((model) => model[column]).filter((loss) => loss > 0);
  // Where nothing is lost, there still is a scale.
  if (!losses.length) losses.push(1);
  const epochs = Math.max(2, ...models.map((model) => model[column].length));
  const ticks = ticksOf(Math.min(...losses), Math.max(...losses), log, 6);
  const [left, right, top, bottom] = [44, 265, 30, 262];
  const share = log ? Math.log10 : Number;
  const x = (epoch) => left + ((epoch - 1) / (epochs - 1)) * (right - left);
  const y = (loss) => bottom + ((share(loss) - share(ticks[0])) / (share(ticks.at(-1)) - share(ticks[0]))) * (top - bottom);
  const space = document.querySelector(".overlay svg").namespaceURI;
  const add = (parent, tag, attributes, text = "") => {
    const part = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    part.textContent = text;
    parent?.append(part);
    return part;
  };
  const font = { "font-size": 11, "font-family": "sans-serif", fill: "var(--ink)" };
  const svg = add(null, "svg", { viewBox: "0 0 360 300", width: 360, role: "img" });
  add(svg, "text", { x: 4, y: 16, ...font }, `${column === "loss" ? "train" : "validation"} log-loss${log ? " (logarithmic scale)" : ""}`);
  add(svg, "text", { x: (left + right) / 2, y: 294, "text-anchor": "middle", ...font }, "epoch");
  for (const tick of ticks) {
    add(svg, "path", { d: `M${left} ${y(tick)}H${right}`, stroke: "var(--grid)" });
    add(svg, "text", { x: left - 5, y: y(tick) + 4, "text-anchor": "end", ...font }, tick);
  }
  for (const tick of new Set(ticksOf(1, epochs, false, 6).map((epoch) => Math.max(1, epoch)))) {
    if (tick <= epochs && Number.isInteger(tick)) add(svg, "text", { x: x(tick), y: bottom + 16, "text-anchor": "middle", ...font }, tick);
  }
  const drawn = models.map((model) => ({ ...model, points: model[column].map((loss, place) => [place + 1, loss]).filter(([, loss]) => !log || loss > 0) }));
  for (const { number, colour, points } of drawn) {
    const places = points.map(([epoch, loss]) => `${x(epoch).toFixed(1)} ${y(loss).toFixed(1)}`);
    const curve = add(svg, "g", { "data-model": number });
    add(curve, "path", { d: `M${places.join("L")}${places.length === 1 ? "h3" : ""}`, stroke: colour, "stroke-width": 1.8, fill: "none", "stroke-linejoin": "round" });
  }
  // Names stand at the ends of the curves, those that end close together one under the other.
  const ends = drawn.filter(({ points }) => points.length && drawn.length <= 20).sort((a, b) => y(a.points.at(-1)[1]) - y(b.points.at(-1)[1]));
  let lowest = top - 10;
  ends.forEach(({ number, short, colour, points }, place) => {
    const [epoch, loss] = points.at(-1);
    lowest = Math.min(Math.max(y(loss), lowest + 12), bottom + 8 - 12 * (ends.length - 1 - place));
    const label = add(svg, "g", { "data-model": number });
    add(label, "path", { d: `M${x(epoch)} ${y(loss)}L${right + 6} ${lowest}`, stroke: colour, "stroke-width": 0.7, fill: "none" });
    add(label, "text", { x: right + 9, y: lowest + 4, ...font }, short);
  });
  return svg;
}

function switchLosses(models) {
  const scroll = document.querySelector(".overlay .scroll");
  const [original, label] = [scroll.querySelector("svg"), scroll.getAttribute("aria-label")];
  const caption = document.createElement("span");
  const figcaption = scroll.closest("figure").querySelector("figcaption");
  caption.append(...figcaption.childNodes);
  const said = caption.textContent;
  const chosen = { column: "val_loss", scale: "log" };
  const draw = () => {
    const shown = models.filter((model) => isShown(`${model.number}`));
    const [column, log] = [chosen.column, chosen.scale === "log"];
    const asItCame = column === "val_loss" && log && shown.length === models.length;
    for (const button of switches.children) button.setAttribute("aria-pressed", !hidden.has(button.dataset.model));
    scroll.querySelector("svg + svg")?.remove();
    original.toggleAttribute("hidden", !asItCame);
    const kind = column === "loss" ? "Train" : "Validation";
    const count = `${shown.length} ${shown.length === 1 ? "model" : "models"}`;
    scroll.setAttribute("aria-label", asItCame ? label : `${kind} loss of ${count} over the epochs, on a ${log ? "logarithmic" : "linear"} scale.`);
    caption.textContent = asItCame ? said : `${scroll.getAttribute("aria-label")} Lines are means over the runs that finished.`;
    if (asItCame) return;
    const svg = drawLosses(shown, column, log);
    svg.setAttribute("aria-label", scroll.getAttribute("aria-label"));
    scroll.append(svg);
    // Room for whatever names and numbers are wider than usual.
    const ends = Array.from(svg.querySelectorAll("text"), (text) => text.getBBox());
    const start = Math.floor(Math.min(0, ...ends.map((end) => end.x - 2)));
    const width = Math.ceil(Math.max(360, ...ends.map((end) => end.x + end.width + 2))) - start;
    svg.setAttribute("viewBox", `${start} 0 ${width} 300`);
  };
  const group = (name) => {
    const part = document.createElement("div");
    part.className = "switches";
    part.setAttribute("role", "group");
    part.setAttribute("aria-label", name);
    return part;
  };
  const choice = (name, key, texts) => {
    const part = group(name);
    for (const [value, text] of Object.entries(texts)) {
      const button = buttonOf(text, part);
      button.setAttribute("aria-pressed", chosen[key] === value);
      button.addEventListener("click", () => {
        chosen[key] = value;
        for (const other of part.children) other.setAttribute("aria-pressed", other === button);
        draw();
      });
    }
    return part;
  };
  const switches = group("Models shown");
  for (const model of models) {
    const button = buttonOf(model.name, switches);
    button.dataset.model = model.number;
    const swatch = document.createElement("span");
    swatch.className = `swatch swatch-${model.number - 1}`;
    button.prepend(swatch);
    hiders.set(button, { model: button.dataset.model, title: "" });
    button.addEventListener("click", () => {
      if (hidden.delete(button.dataset.model)) showModels();
      else hide(button.dataset.model);
    });
  }
  const losses = choice("Losses", "column", { val_loss: "validation", loss: "train" });
  const scales = choice("Scale", "scale", { log: "logarithmic", linear: "linear" });
  figcaption.append(losses, scales, ...(models.length > 1 ? [switches] : []), document.createElement("br"), caption);
  drawShown = draw;
  draw();
}

const models = JSON.parse(document.getElementById("curves").textContent);
if (models.length) switchLosses(models);
