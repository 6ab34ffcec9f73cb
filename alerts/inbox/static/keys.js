// Keys for reading without a mouse: / focuses the search, j and k move, Enter opens.
"use strict";

const rows = () => [...document.querySelectorAll("[data-row]")];

function move(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row.classList.contains("here"));
  const next = Math.min(all.length - 1, Math.max(0, here < 0 ? 0 : here + step));
  all.forEach((row, place) => row.classList.toggle("here", place === next));
  all[next].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.getElementById("search");
  if (event.target === search) {
    if (event.key === "Escape") search.blur();
    return;
  }
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "/") {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "j" || event.key === "k") {
    move(event.key === "j" ? 1 : -1);
  } else if (event.key === "Enter" && event.target === document.body) {
    document.querySelector("[data-row].here a.open")?.click();
  }
});
