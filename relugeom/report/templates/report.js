"use strict";
/* Tables that sort and filter, drawings that answer to pointer and keys. The page is complete without it. */
(function () {
  var tables = 0;

  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) element.textContent = text;
    return element;
  }

  function key(row, column) {
    var cell = row.cells[column];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return cell.textContent.trim();
  }

  function compare(a, b) {
    var numeric = typeof a === "number", other = typeof b === "number";
    if (numeric && other) return a - b;
    if (numeric !== other) return numeric ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }

  function sort(table, column, descending) {
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, at) {
      return {row: row, key: key(row, column), at: at};
    });
    rows.sort(function (a, b) {
      var empty = (a.key === "–") - (b.key === "–");
      if (empty) return empty;
      var order = compare(a.key, b.key);
      return (descending ? -order : order) || a.at - b.at;
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
  }

  function sortable(table) {
    var headings = table.tHead.rows[0].cells;
    Array.prototype.forEach.call(headings, function (heading, column) {
      var button = make("button", {type: "button"}, heading.textContent);
      heading.textContent = "";
      heading.appendChild(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () {
        var now = heading.getAttribute("aria-sort");
        var first = heading.classList.contains("number") ? "descending" : "ascending";
        var next = now === "none" ? first : now === "ascending" ? "descending" : "ascending";
        Array.prototype.forEach.call(headings, function (each) { each.setAttribute("aria-sort", "none"); });
        heading.setAttribute("aria-sort", next);
        sort(table, column, next === "descending");
      });
    });
  }

  function filterable(table) {
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    if (rows.length < 6) return;
    var id = "filter-" + (tables += 1);
    var box = make("div", {"class": "filter"});
    var input = make("input", {type: "search", id: id, autocomplete: "off", spellcheck: "false"});
    var count = make("span", {"class": "soft", role: "status"});
    box.appendChild(make("label", {"for": id}, "Filter rows"));
    box.appendChild(input);
    box.appendChild(count);
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    input.addEventListener("input", function () {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
      rows.forEach(function (row, at) {
        var fits = words.every(function (word) { return texts[at].indexOf(word) >= 0; });
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
    });
    var frame = table.parentNode;
    frame.parentNode.insertBefore(box, frame);
  }

  var tip = document.getElementById("tip");

  function show(shape, x, y) {
    tip.textContent = shape.dataset.words;
    tip.hidden = false;
    var left = Math.min(x + 14, window.innerWidth - tip.offsetWidth - 8);
    var top = y + 18 + tip.offsetHeight > window.innerHeight ? y - tip.offsetHeight - 12 : y + 18;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = Math.max(8, top) + "px";
  }

  function hide() { tip.hidden = true; }

  function explorable(drawing) {
    var shapes = Array.prototype.slice.call(drawing.querySelectorAll("[role=listitem]"));
    Array.prototype.forEach.call(drawing.querySelectorAll("title"), function (title) {
      var shape = title.parentNode;
      shape.dataset.words = title.textContent;
      shape.setAttribute("aria-label", title.textContent);
      title.remove();
    });
    shapes.forEach(function (shape, at) { shape.setAttribute("tabindex", at ? "-1" : "0"); });
    drawing.addEventListener("pointermove", function (event) {
      var shape = event.target.closest("[data-words]");
      if (shape) show(shape, event.clientX, event.clientY); else hide();
    });
    drawing.addEventListener("pointerleave", hide);
    drawing.addEventListener("focusin", function (event) {
      var shape = event.target.closest("[data-words]");
      if (!shape) return;
      var box = shape.getBoundingClientRect();
      show(shape, box.left + box.width / 2, box.top + box.height / 2);
    });
    drawing.addEventListener("focusout", hide);
    drawing.addEventListener("keydown", function (event) {
      var at = shapes.indexOf(document.activeElement), last = shapes.length - 1;
      var steps = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last};
      if (event.key === "Escape") { hide(); return; }
      if (at < 0 || !(event.key in steps)) return;
      event.preventDefault();
      var next = shapes[Math.max(0, Math.min(last, steps[event.key]))];
      shapes[at].setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus({preventScroll: true});
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("table[data-rows]"), function (table) {
    sortable(table);
    filterable(table);
  });
  Array.prototype.forEach.call(document.querySelectorAll("svg.explorable"), explorable);
  window.addEventListener("scroll", hide, {passive: true});
  document.documentElement.classList.add("scripted");
}());
