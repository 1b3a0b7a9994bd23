// Draws messages and forms as Discord does.
"use strict";

const load = (file) => golden("discord", file);

// What is photographed: who says what, and in which golden file it stands.
const scenes = {
  answer: {
    bar: ["#", "help"],
    messages: [{ from: "Kim", mention: "@Signpost", text: " where is my refund?" }, { file: "sure.json", to: ["Kim", "@Signpost where is my refund?"] }],
  },
  unsure: {
    bar: ["@", "Signpost"],
    messages: [{ from: "Kim", text: "where is my refund?" }, { file: "unsure.json" }],
  },
  form: { form: "form_contact.json" },
  card: { bar: ["#", "support-desk"], messages: [{ file: "card-open.json" }] },
  late: { bar: ["@", "Signpost"], messages: [{ file: "late.json" }] },
  reply: { bar: ["@", "Signpost"], messages: [{ file: "relayed.json" }, { file: "settled.json" }] },
  commands: { commands: "commands.json", typed: "/ticket", shown: ["next", "claim", "reply", "resolve", "transfer"] },
};

// now is when the pictures are taken, in Unix seconds.
const now = Date.UTC(2026, 2, 2, 9, 32) / 1000;

// inline reads Discord's markdown within a line, as far as we write it.
function inline(s) {
  const parts = [];
  let rest = s;
  const marks = /\\([^\n])|\*\*(.+?)\*\*(?!\*)|`([^`]+)`|\[([^\]]+)\]\(<([^<>]+)>\)|<(https?:[^<>]+)>|<t:(\d+):R>/;
  for (let m; (m = marks.exec(rest)); rest = rest.slice(m.index + m[0].length)) {
    parts.push(rest.slice(0, m.index));
    if (m[1]) parts.push(m[1]);
    else if (m[2]) parts.push(make("b", "", ...inline(m[2])));
    else if (m[3]) parts.push(make("code", "", m[3]));
    else if (m[4]) parts.push(link(m[5], ...inline(m[4])));
    else if (m[6]) parts.push(link(m[6], m[6]));
    else parts.push(make("span", "time", Math.round((now - m[7]) / 60) + " minutes ago"));
  }
  return [...parts, rest];
}

// markdown reads a text display, line by line.
function markdown(s) {
  const kinds = { "### ": "heading", "> ": "quote", "-# ": "small", "- ": "item" };
  return s.split("\n").map((line) => {
    const mark = Object.keys(kinds).find((mark) => line.startsWith(mark)) ?? "";
    return make("div", kinds[mark] ?? "line", ...inline(line.slice(mark.length)));
  });
}

const styles = { 1: "primary", 2: "secondary", 4: "danger" };

// component is a part of a message or of a modal.
function component(c) {
  switch (c.type) {
    case 1:
      return make("div", "row", ...c.components.map(component));
    case 2:
      return make("button", styles[c.style], c.label);
    case 3:
      return make("div", "select", (c.options.find((o) => o.default) ?? { label: c.placeholder ?? "" }).label);
    case 4:
      return make("div", c.style === 2 ? "value lines" : "value", c.value ?? "");
    case 9:
      return make("div", "section", make("div", "", ...c.components.map(component)), component(c.accessory));
    case 10:
      return make("div", "text", ...markdown(c.content));
    case 14:
      return make("hr", "");
    case 17: {
      const card = make("div", "card", ...c.components.map(component));
      if (c.accent_color) card.style.borderLeft = `4px solid #${c.accent_color.toString(16).padStart(6, "0")}`;
      return card;
    }
    case 18:
      return make("label", "", c.label, c.component.required && make("i", "", " *"), component(c.component));
  }
  throw new Error("no picture of component " + c.type);
}

// message is what someone says; who says more is not named again.
function message(m, i, all) {
  const more = i > 0 && all[i - 1].from === m.from;
  const app = !m.from;
  const said = app ? load(m.file).components.map(component) : [make("div", "text", m.mention && make("span", "mention", m.mention), m.text)];
  return make(
    "div",
    more ? "message more" : "message",
    m.to && make("div", "replied", make("b", "", m.to[0]), m.to[1]),
    make("div", app ? "face app" : "face", app ? "➤" : m.from[0]),
    make("div", "body", !more && make("div", "who", m.from ?? "Signpost", app && make("i", "", "APP"), make("time", "", "Today at 9:30 AM")), ...said),
  );
}

function form(f) {
  return make(
    "div",
    "shade",
    make(
      "div",
      "form",
      make("h1", "", f.title, make("span", "", "×")),
      ...f.components.map(component),
      make("footer", "", make("button", "secondary", "Cancel"), make("button", "primary", "Submit")),
    ),
  );
}

// picker is what Discord offers while a command is typed.
function picker(scene) {
  const command = load(scene.commands).find((c) => "/" + c.name === scene.typed);
  const options = (o) => (o.options ?? []).map((p) => make("span", p.required ? "option" : "option open", p.name));
  const rows = scene.shown.map((name) => {
    const o = command.options.find((o) => o.name === name);
    return make(
      "div",
      "choice",
      make("div", "face app", "➤"),
      make("div", "", make("div", "name", `/${command.name} ${o.name} `, ...options(o)), make("div", "what", o.description)),
      make("small", "", "Signpost"),
    );
  });
  return make("div", "typing", make("div", "picker", make("h2", "", "Signpost"), ...rows), make("div", "typed", scene.typed, make("s", "")));
}

function draw(scene) {
  if (scene.form) return [form(load(scene.form))];
  if (scene.commands) return [picker(scene)];
  return [
    make("div", "bar", make("small", "", scene.bar[0]), scene.bar[1]),
    make("div", "messages", ...scene.messages.map(message)),
  ];
}

look(scenes, draw);
