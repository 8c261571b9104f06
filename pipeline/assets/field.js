// The field map: problems, overlay layers, popups, search and list. All text reaches the page through textContent.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("field-data").textContent);
  var words = data.words;
  var map = window[data.map];
  var byNumber = {};
  var popupWidth = Math.min(360, window.innerWidth - 70);

  function element(tag, className, text) {
    var node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function drawn(outline) {
    var space = "http://www.w3.org/2000/svg";
    var svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 1000 1000");
    ["outline-rim", "outline"].forEach(function (className) {
      var path = document.createElementNS(space, "path");
      path.setAttribute("class", className);
      path.setAttribute("d", outline);
      svg.appendChild(path);
    });
    return svg;
  }

  // The images before and after, side by side; a tap shows them below each other at full width.
  function pair(found) {
    if (!found.images.length) return element("p", "quiet", found.words);
    var box = element("div", "pair");
    found.images.forEach(function (image) {
      var figure = element("figure");
      var frame = element("button", "view");
      frame.type = "button";
      frame.title = words.enlarge;
      var picture = element("img");
      picture.src = image.src;
      picture.alt = image.caption;
      var scale = element("span", "scale", found.words);
      scale.style.width = 100 * found.scale + "%";
      frame.appendChild(picture);
      frame.appendChild(drawn(found.outline));
      frame.appendChild(scale);
      frame.addEventListener("click", function () { box.classList.toggle("wide"); });
      var caption = element("figcaption", "", image.caption);
      if (image.title) caption.appendChild(element("small", "", image.title));
      if (image.note) caption.appendChild(element("em", "", image.note));
      figure.appendChild(frame);
      figure.appendChild(caption);
      box.appendChild(figure);
    });
    return box;
  }

  function popup(problem) {
    var box = element("div", "popup");
    var head = element("div", "popup-head");
    head.appendChild(element("span", "chip p" + problem.priority, problem.priorityName));
    head.appendChild(element("strong", "", problem.number));
    box.appendChild(head);
    if (problem.pair) box.appendChild(pair(problem.pair));
    var table = element("table");
    data.labels.forEach(function (label, k) {
      if (!problem.values[k]) return;
      var row = element("tr");
      row.appendChild(element("th", "", label));
      row.appendChild(element("td", "", problem.values[k]));
      table.appendChild(row);
    });
    box.appendChild(table);
    box.appendChild(element("div", "popup-why", words.reasons));
    var list = element("ul");
    problem.reasons.forEach(function (reason) { list.appendChild(element("li", "", reason)); });
    box.appendChild(list);
    return box;
  }

  var below = map.createPane("overlays");
  below.style.zIndex = 350;
  var overlayCanvas = L.canvas({ pane: "overlays" });
  var problemCanvas = L.canvas({ tolerance: 6 });

  var switches = document.getElementById("layers");
  function addSwitch(title, colour, group, shown) {
    var row = element("label", "switch");
    var box = element("input");
    box.type = "checkbox";
    box.checked = shown;
    box.addEventListener("change", function () {
      if (box.checked) group.addTo(map); else group.remove();
    });
    var key = element("span", "key");
    key.style.background = colour;
    row.appendChild(box);
    row.appendChild(key);
    row.appendChild(element("span", "", title));
    switches.appendChild(row);
    if (shown) group.addTo(map);
  }

  data.layers.forEach(function (layer) {
    var group = L.geoJSON(layer.features, {
      pane: "overlays", renderer: overlayCanvas,
      style: { color: layer.colour, weight: 1.2, fillColor: layer.colour, fillOpacity: 0.16, dashArray: layer.dash },
      onEachFeature: function (feature, shape) {
        shape.bindPopup(function () { return element("div", "popup", layer.title + " " + feature.properties.t); });
      }
    });
    addSwitch(layer.title, layer.colour, group, true);
  });

  var colours = { 1: "#c81e1e", 2: "#eb8200", 3: "#5a5aa0" };
  [3, 2, 1].forEach(function (priority) {
    var own = data.problems.filter(function (problem) { return problem.priority === priority; });
    if (!own.length) return;
    var group = L.featureGroup();
    own.forEach(function (problem) {
      var style = { color: colours[priority], weight: 2.2, fillColor: colours[priority], fillOpacity: 0.3, renderer: problemCanvas };
      var shape = problem.shape.type === "Point"
        ? L.circleMarker([problem.shape.coordinates[1], problem.shape.coordinates[0]], Object.assign({ radius: 8 }, style))
        : L.geoJSON(problem.shape, style);
      shape.bindPopup(function () { return popup(problem); }, {
        maxWidth: popupWidth, minWidth: problem.pair ? popupWidth : 230, maxHeight: 380
      });
      shape.addTo(group);
      byNumber[problem.number.toUpperCase()] = { shape: shape, group: group, problem: problem };
      byNumber[problem.candidate.toUpperCase()] = byNumber[problem.number.toUpperCase()];
    });
    addSwitch(words["priority" + priority] + " (" + own.length + ")", colours[priority], group, true);
  });

  function boundsOf(found) {
    return found.shape.getBounds ? found.shape.getBounds() : L.latLngBounds([found.shape.getLatLng(), found.shape.getLatLng()]);
  }

  function open(number) {
    var found = byNumber[number.trim().toUpperCase()];
    var message = document.getElementById("message");
    if (!found) {
      message.textContent = words.notFound + " " + number;
      return;
    }
    message.textContent = "";
    if (!map.hasLayer(found.group)) found.group.addTo(map);
    map.fitBounds(boundsOf(found).pad(0.6), { maxZoom: 16, animate: false });
    if (window.innerWidth < 760) document.getElementById(data.mapDiv).scrollIntoView();
    found.shape.openPopup([found.problem.lat, found.problem.lon]);
  }

  var list = document.getElementById("problems");
  data.problems.forEach(function (problem) {
    var row = element("button", "row");
    row.type = "button";
    row.appendChild(element("span", "chip p" + problem.priority, problem.priorityName));
    row.appendChild(element("span", "row-number", problem.number));
    row.appendChild(element("span", "row-text", problem.summary));
    row.addEventListener("click", function () { open(problem.number); });
    list.appendChild(row);
  });
  document.getElementById("search").addEventListener("submit", function (event) {
    event.preventDefault();
    open(document.getElementById("number").value);
  });

  var all = L.featureGroup(data.problems.map(function (problem) { return byNumber[problem.number.toUpperCase()].shape; }));
  function fitAll() {
    if (data.problems.length) map.fitBounds(all.getBounds().pad(0.05), { maxZoom: 15, animate: false });
    else map.setView(data.centre, 11);
  }
  document.getElementById("fit").addEventListener("click", fitAll);
  if (window.innerWidth < 760) map.zoomControl.setPosition("bottomright");  // a popup fills the top
  L.control.scale({ imperial: false }).addTo(map);
  map.invalidateSize();
  fitAll();
  if (location.hash.length > 1) open(decodeURIComponent(location.hash.slice(1)));
})();
