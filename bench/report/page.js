// SPDX-License-Identifier: Apache-2.0
// What the page does: texts on hovering, the table's filter and order, peers in the roofline.
(() => {
  const tip = document.getElementById("tip");

  const place = (event) => {
    const right = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16 + tip.offsetHeight > innerHeight;
    tip.style.left = `${Math.max(8, right)}px`;
    tip.style.top = `${below ? event.clientY - tip.offsetHeight - 12 : event.clientY + 16}px`;
  };

  document.addEventListener("pointermove", (event) => {
    const owner = event.target.closest("[data-tip]");
    tip.hidden = owner === null;
    if (owner === null) return;
    tip.textContent = owner.dataset.tip;
    place(event);
  });

  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const filter = document.getElementById("filter");
  const count = document.getElementById("count");

  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  filter.addEventListener("input", apply);
  apply();

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent;
    const number = Number(text);
    return text === "" || Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1);

  const sort = (column) => {
    const head = table.tHead.rows[0].cells[column];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = [...body.rows].sort((a, b) => (down ? -1 : 1) * compare(value(a, column), value(b, column)));
    body.append(...sorted);
  };
  [...table.tHead.rows[0].cells].forEach((cell, column) => cell.firstChild.addEventListener("click", () => sort(column)));

  const peers = document.getElementById("show-peers");
  peers.addEventListener("change", () => document.body.classList.toggle("hide-peers", !peers.checked));
})();
