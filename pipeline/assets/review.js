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
  var answers = kept.answers || {};  // [answer, reason, day, role]; also of questions asked no longer
  // The day and the role under which an answer was downloaded, until it is changed: under others it would be another row.
  function stampOf(card) {
    var own = answers[card.id];
    return own && own[0] === chosen(card) && own[1] === reasonOf(card).value ? own.slice(2) : ["", ""];
  }
  function isNew(card) { return chosen(card) !== "" && !stampOf(card)[0]; }
  function keep() {
    cards.forEach(function (card) {
      var stamp = stampOf(card);
      delete answers[card.id];
      if (chosen(card) || reasonOf(card).value) answers[card.id] = [chosen(card), reasonOf(card).value].concat(stamp);
    });
    save();
    count();
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
    var told = { answered: n, new: cards.filter(isNew).length, open: cards.length - n };
    document.getElementById("counts").textContent = fill(words.counts, told);
    cards.forEach(function (card) {
      var stamp = stampOf(card);
      card.classList.toggle("answered", chosen(card) !== "");
      card.querySelector(".stamp").textContent = stamp[0] ? fill(words.stamped, { date: stamp[0], role: stamp[1] }) : "";
    });
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
      return row.concat([reasonOf(card).value.trim(), role.value.trim(), day.value, data.cycle]);
    });
  }
  function stamp(written) {
    written.forEach(function (card) {
      answers[card.id] = [chosen(card), reasonOf(card).value, day.value, role.value.trim()];
    });
    keep();
  }
  function refuse(sentence, field) {
    message.textContent = sentence;
    if (field) field.focus();
  }
  function download(given) {
    if (!answered().length) return refuse(words.no_answers);
    if (!given.length) return refuse(words.nothing_new);
    if (!role.value.trim()) return refuse(words.needs_role, role);
    if (!day.value) return refuse(words.needs_date, day);
    var isJoint = data.joint.indexOf(role.value.trim().toLowerCase()) >= 0;
    var written = given.filter(function (card) { return isJoint === (card.dataset.about === "disagreed"); });
    var left = given.length - written.length;
    var rows = written.reduce(function (all, card) { return all.concat(rowsOf(card)); }, []);
    message.textContent = fill(words.written, { rows: rows.length, answered: written.length }) +
      (left ? " " + fill(isJoint ? words.needs_own : words.needs_joint, { left: left }) : "");
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
  document.querySelector("main").addEventListener("input", keep);
  document.querySelector("main").addEventListener("click", function (event) {
    var view = event.target.closest(".view");
    if (view) view.parentNode.classList.toggle("wide");
  });
  role.addEventListener("input", keep);
  [kind, search, openOnly].forEach(function (field) { field.addEventListener("input", filter); });
  document.getElementById("download").addEventListener("click", function () { download(answered().filter(isNew)); });
  document.getElementById("again").addEventListener("click", function () { download(answered()); });
  keep();
})();
