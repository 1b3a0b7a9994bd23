// What the pictures of all platforms have in common. A platform's own file
// calls look with its scenes and how it draws them.
"use strict";

// golden reads a golden file of an adapter's tests.
function golden(adapter, file) {
  const r = new XMLHttpRequest(); // fetch takes no files
  r.open("GET", "../../adapters/" + adapter + "/testdata/golden/" + file, false);
  r.send();
  return JSON.parse(r.responseText);
}

// make is an element with a class and what is in it: texts and elements.
function make(name, kind, ...inside) {
  const e = document.createElement(name);
  if (kind) e.className = kind;
  e.append(...inside.filter((part) => part));
  return e;
}

function link(url, ...inside) {
  const a = make("a", "", ...inside);
  a.href = url;
  return a;
}

// look draws the scene that the address names.
function look(scenes, draw) {
  const scene = location.search.slice(1).replace(/^[a-z]+-/, "");
  document.querySelector("main").append(...draw(scenes[scene] ?? scenes.answer));
  // For the photographer, who has to know how large a picture will be.
  document.documentElement.dataset.height = document.body.scrollHeight;
}
