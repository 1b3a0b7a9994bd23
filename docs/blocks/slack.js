// Draws messages and forms as Slack does.
"use strict";

const load = (file) => golden("slack", file);

// What is photographed: who says what, and in which golden file it stands.
const scenes = {
  answer: {
    bar: ["Thread", "# help"],
    messages: [{ from: "Kim", mention: "@Signpost", text: " where is my refund?" }, { file: "sure.json" }],
  },
  unsure: {
    bar: ["Signpost", "direct message"],
    messages: [{ from: "Kim", text: "where is my refund?" }, { file: "unsure.json" }],
  },
  form: { form: "form_contact.json" },
  home: { bar: ["Signpost", "Home"], page: "home-answer.json" },
  card: { bar: ["# support-desk"], messages: [{ file: "card-open.json" }] },
  thread: { bar: ["Thread", "# support-desk"], messages: [{ file: "words.json" }, { file: "sent.json" }] },
  reply: {
    bar: ["Thread", "# help"],
    messages: [{ file: "relayed.json" }, { file: "settled.json" }],
  },
};

const unescape = (s) => s.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

// mrkdwn reads Slack's markup as far as we write it.
function mrkdwn(s) {
  const parts = [];
  let rest = s;
  for (let m; (m = /\*([^*\n]+)\*|`([^`\n]+)`|<([^<>|]+)\|([^<>]*)>/.exec(rest)); rest = rest.slice(m.index + m[0].length)) {
    parts.push(unescape(rest.slice(0, m.index)));
    if (m[1]) parts.push(make("b", "", ...mrkdwn(m[1])));
    else if (m[2]) parts.push(make("code", "", unescape(m[2])));
    else if (m[3].startsWith("!date")) parts.push(unescape(m[4]));
    else parts.push(link(unescape(m[3]), ...mrkdwn(m[4])));
  }
  return [...parts, unescape(rest)];
}

// words are a text object.
const words = (t) => (t.type === "mrkdwn" ? mrkdwn(t.text) : [t.text]);

// piece is an element of rich text.
function piece(e) {
  let shown = e.type === "date" ? e.fallback : e.text;
  if (e.type === "link") shown = link(e.url, e.text);
  if (e.style?.code) shown = make("code", "", shown);
  if (e.style?.bold) shown = make("b", "", shown);
  return shown;
}

function rich(e) {
  switch (e.type) {
    case "rich_text_quote":
      return make("div", "quote", ...e.elements.map(piece));
    case "rich_text_list":
      return make("ul", "list", ...e.elements.map((item) => make("li", "", ...item.elements.map(piece))));
  }
  return make("div", "", ...e.elements.map(piece));
}

// element is what can be pressed or filled in.
function element(e) {
  switch (e.type) {
    case "button":
      return make("button", e.style, e.text.text);
    case "static_select":
    case "external_select":
      return make("div", "select", (e.initial_option ?? { text: e.placeholder ?? { text: "" } }).text.text);
  }
  return make("div", e.multiline ? "value lines" : "value", e.initial_value ?? "");
}

function block(b) {
  switch (b.type) {
    case "rich_text":
      return make("div", "block", ...b.elements.map(rich));
    case "header":
      return make("div", "block header", b.text.text);
    case "context":
      return make("div", "block context", ...b.elements.flatMap(words));
    case "section":
      return make("div", "block section", make("div", "", ...words(b.text)), b.accessory && element(b.accessory));
    case "actions":
      return make("div", "block actions", ...b.elements.map(element));
    case "divider":
      return make("hr", "block divider");
    case "input":
      return make("label", "", b.label.text, b.optional && make("small", "", " (optional)"), element(b.element));
  }
  throw new Error("no picture of " + b.type);
}

// message is what someone says; who says more is not named again.
function message(m, i, all) {
  const more = i > 0 && all[i - 1].from === m.from;
  const app = !m.from;
  const said = app ? load(m.file).blocks.map(block) : [make("div", "", m.mention && make("span", "mention", m.mention), m.text)];
  return make(
    "div",
    more ? "message more" : "message",
    make("div", app ? "face app" : "face", app ? "➤" : m.from[0]),
    make("div", "body", !more && make("div", "who", m.from ?? "Signpost", app && make("i", "", "APP"), make("time", "", "9:30 AM")), ...said),
  );
}

function form(v) {
  return make(
    "div",
    "shade",
    make(
      "div",
      "form",
      make("h1", "", v.title.text, make("span", "", "×")),
      make("div", "inputs", ...v.blocks.map(block)),
      make("footer", "", make("button", "", "Cancel"), make("button", "primary", v.submit.text)),
    ),
  );
}

function draw(scene) {
  if (scene.form) return [form(load(scene.form))];
  const [place, beside] = scene.bar;
  return [
    make("div", "bar", place, beside && make("small", "", beside)),
    scene.page
      ? make("div", "page", ...load(scene.page).blocks.map(block))
      : make("div", "messages", ...scene.messages.map(message)),
  ];
}

look(scenes, draw);
