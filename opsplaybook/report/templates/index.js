"use strict";
(() => {
  const body = document.getElementById("runs").tBodies[0];
  const rows = [...body.rows];
  const form = document.forms[0];
  const { words, status, verdict } = form.elements;
  const shown = document.getElementById("shown");
  const heads = [...document.querySelectorAll("thead th")];
  let texts = null;

  const textOf = (row) => row.textContent.toLowerCase();
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.toLowerCase() : cell.dataset.v === "" ? null : +cell.dataset.v;
  };
  const known = [];
  const keysOf = (column) => (known[column] ??= rows.map((row) => [valueOf(row, column), row]));
  const remember = () => {
    const sorted = heads.find((head) => head.ariaSort);
    const state = new URLSearchParams();
    for (const field of [words, status, verdict]) if (field.value) state.set(field.name, field.value);
    if (sorted) state.set("sort", (sorted.ariaSort === "descending" ? "-" : "") + heads.indexOf(sorted));
    history.replaceState(null, "", state.size ? "#" + state : location.pathname + location.search);
  };
  const filter = () => {
    texts ??= new Map(rows.map((row) => [row, textOf(row)]));
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = (!status.value || row.dataset.s === status.value)
        && (!verdict.value || row.dataset.w === verdict.value)
        && wanted.every((word) => texts.get(row).includes(word));
      if (row.hidden === fits) row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} runs`;
    remember();
  };
  const sort = (column, down) => {
    const order = ([x], [y]) => {
      if (x === null || y === null) return (x === null) - (y === null);
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    };
    body.replaceChildren(...[...keysOf(column)].sort(order).map(([, row]) => row));
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].ariaSort = down ? "descending" : "ascending";
    remember();
  };

  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(column, head.ariaSort === "ascending")));
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  const state = new URLSearchParams(location.hash.slice(1));
  for (const field of [words, status, verdict]) field.value = state.get(field.name) ?? "";
  const column = Math.abs(+(state.get("sort") ?? NaN));
  if (column < heads.length) sort(column, state.get("sort").startsWith("-"));
  if (location.hash) filter();
})();
