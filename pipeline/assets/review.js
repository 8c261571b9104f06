// The review page: answers are kept as they are given, counted, filtered, and written as rows of decisions.csv.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("field-data").textContent);
  var words = data.words;
  var cards = Array.prototype.slice.call(document.querySelectorAll("article"));
  if (!cards.length) return;
  var store = "leadscreen/review/" + data.key;
  var role = document.getElementById("role");
  var day = document.getElementById("date");
  var kind = document.getElementById("kind");
  var search = document.getElementById("search");
  var openOnly = document.getElementById("open-only");
  var message = document.getElementById("message");

  function radios(card) { return Array.prototype.slice.call(card.querySelectorAll("input[type=radio]")); }
  function chosen(card) { return card.querySelector("input[type=radio]:checked").value; }
  function reasonOf(card) { return card.querySelector(".reason input"); }
  function fill(sentence, values) {
    return sentence.replace(/\{(\w+)\}/g, function (whole, name) { return name in values ? values[name] : whole; });
  }
  function answered() { return cards.filter(chosen); }

  // A page opened as a file may not be allowed to keep anything: then it says so.
  function load() {
    try { return JSON.parse(localStorage.getItem(store)) || {}; } catch (error) { return {}; }
  }
  var kept = load();
  var answers = kept.answers || {};  // [answer, reason, day it was written under]; also of questions asked no longer
  var fresh = [];  // ids of answers written since the page was opened: who mends the date means theirs too
  // An answer that was written keeps its day until it is changed: under a new day it would be another row.
  function dayOf(card) {
    var own = answers[card.id];
    return (own && own[0] === chosen(card) && own[1] === reasonOf(card).value && own[2]) || "";
  }
  function keep() {
    cards.forEach(function (card) {
      var day = dayOf(card);
      delete answers[card.id];
      if (chosen(card) || reasonOf(card).value) answers[card.id] = [chosen(card), reasonOf(card).value, day];
    });
    save();
  }
  function save() {
    try {
      localStorage.setItem(store, JSON.stringify({ role: role.value, answers: answers }));
    } catch (error) {
      message.textContent = words.not_kept;
    }
  }

  function count() {
    var n = answered().length;
    document.getElementById("counts").textContent = fill(words.counts, { answered: n, open: cards.length - n });
    cards.forEach(function (card) { card.classList.toggle("answered", chosen(card) !== ""); });
  }
  // A card that was just answered stays in sight until the filter is touched again.
  function filter() {
    var wanted = search.value.trim().toLowerCase();
    cards.forEach(function (card) {
      var shown = (!kind.value || card.dataset.about === kind.value) && card.dataset.find.indexOf(wanted) >= 0 &&
        !(openOnly.checked && chosen(card));
      card.classList.toggle("hidden", !shown);
    });
  }

  function today() {
    var now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(function (part) {
      return String(part).padStart(2, "0");
    }).join("-");
  }
  // What begins like a formula gets an apostrophe, by which a spreadsheet takes it for text.
  function cell(text) {
    var safe = /^[=+\-@]/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }

  // One row per decision of a chosen answer; a disagreement is settled only under a joint role.
  function rowsOf(card) {
    return JSON.parse(chosen(card)).map(function (row) {
      return row.concat([reasonOf(card).value.trim(), role.value.trim(), dayOf(card) || day.value]);
    });
  }
  function stamp(written) {
    keep();
    written.filter(function (card) { return !answers[card.id][2]; }).forEach(function (card) {
      answers[card.id][2] = day.value;
      fresh.push(card.id);
    });
    save();
  }
  function unstamp() {
    fresh.forEach(function (id) { if (answers[id]) answers[id][2] = ""; });
    fresh = [];
    save();
  }
  function refuse(sentence, field) {
    message.textContent = sentence;
    if (field) field.focus();
  }
  function download() {
    if (!answered().length) return refuse(words.no_answers);
    if (!role.value.trim()) return refuse(words.needs_role, role);
    if (!day.value) return refuse(words.needs_date, day);
    var isJoint = data.joint.indexOf(role.value.trim().toLowerCase()) >= 0;
    var written = answered().filter(function (card) { return isJoint === (card.dataset.about === "disagreed"); });
    var left = answered().length - written.length;
    var rows = written.reduce(function (all, card) { return all.concat(rowsOf(card)); }, []);
    message.textContent = fill(words.written, { rows: rows.length, answered: written.length }) +
      (left ? " " + fill(words.needs_joint, { left: left }) : "");
    if (!rows.length) return;
    var text = [data.columns].concat(rows).map(function (row) { return row.map(cell).join(",") + "\r\n"; }).join("");
    var link = document.createElement("a");  // the mark before the text lets a spreadsheet read it as UTF-8
    link.href = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv" }));
    link.download = data.file;
    link.click();
    stamp(written);
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  role.value = kept.role || "";
  day.value = today();
  cards.forEach(function (card) {
    var own = answers[card.id];
    if (!own) return;
    radios(card).forEach(function (radio) { if (radio.value === own[0]) radio.checked = true; });
    reasonOf(card).value = own[1];
  });
  document.querySelector("main").addEventListener("input", function () { count(); keep(); });
  document.querySelector("main").addEventListener("click", function (event) {
    var view = event.target.closest(".view");
    if (view) view.parentNode.classList.toggle("wide");
  });
  role.addEventListener("input", keep);
  day.addEventListener("input", unstamp);
  [kind, search, openOnly].forEach(function (field) { field.addEventListener("input", filter); });
  document.getElementById("download").addEventListener("click", download);
  count();
  keep();
})();
