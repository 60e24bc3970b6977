// Shows the API's description: everything that it says is put into the page as text.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const JSON_TYPE = "application/json";
const DEPTH_MAX = 8;
let description = {};

// An element: its attributes, and its children, of which texts become text.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

function resolved(part) {
  if (!part || typeof part.$ref !== "string") return part || {};
  const steps = part.$ref.replace(/^#\//, "").split("/");
  const names = steps.map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~"));
  return names.reduce((found, name) => (found || {})[name], description) || {};
}

const nameOf = (part) => (part && part.$ref ? part.$ref.split("/").pop() : "");

// What a schema is in a few words: "text", "list of Task", "one of low, high".
function kind(part) {
  const schema = resolved(part);
  const name = nameOf(part);
  if (schema.enum) return schema.enum.map(String).join(" | ");
  if (schema.oneOf || schema.anyOf) return (schema.oneOf || schema.anyOf).map(kind).join(" or ");
  if (schema.allOf) return schema.allOf.map(kind).join(" and ");
  if (schema.type === "array" || (schema.type || []).includes("array")) {
    return "list of " + kind(schema.items || {});
  }
  const type = [schema.type || "any"].flat().join(" or ");
  if (name && type === "object") return name;
  return schema.format ? `${type} (${schema.format})` : type;
}

function limits(schema) {
  const words = [];
  if (schema.minimum !== undefined) words.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) words.push(`to ${schema.maximum}`);
  if (schema.minLength !== undefined) words.push(`at least ${schema.minLength} long`);
  if (schema.maxLength !== undefined) words.push(`at most ${schema.maxLength} long`);
  if (schema.minItems !== undefined) words.push(`at least ${schema.minItems}`);
  if (schema.pattern) words.push(schema.pattern);
  return words.join(", ");
}

// The fields of a schema, whatever it is wrapped in.
function fields(part) {
  const schema = resolved(part);
  const inner = [schema.allOf, schema.oneOf, schema.anyOf].flat().filter(Boolean);
  const must = schema.required || [];
  const found = Object.entries(schema.properties || {})
    .map(([name, value]) => ({ name, value, must: must.includes(name) }));
  if (schema.items) found.push(...fields(schema.items));
  for (const choice of inner) found.push(...fields(choice));
  return found;
}

function leaf(field) {
  const schema = resolved(field.value);
  const about = [field.value.description || schema.description, limits(schema)];
  return [
    element("span", { class: "name" }, field.name),
    field.must ? element("span", { class: "must", title: "must be there" }, "*") : null,
    " ",
    element("span", { class: "kind" }, kind(field.value)),
    element("span", { class: "about" }, about.filter(Boolean).map((word) => " · " + word)),
  ];
}

function tree(part, depth = 0, above = []) {
  const list = element("ul", { class: "tree" });
  for (const field of fields(part)) {
    const name = nameOf(field.value) || nameOf(field.value.items);
    const isAround = name !== "" && above.includes(name);
    const hasParts = depth < DEPTH_MAX && !isAround && fields(field.value).length > 0;
    if (!hasParts) {
      list.append(element("li", {}, leaf(field)));
      continue;
    }
    const inside = element("details", {}, element("summary", {}, leaf(field)));
    inside.addEventListener("toggle", () => {
      if (inside.children.length === 1) {
        inside.append(tree(field.value, depth + 1, [...above, name]));
      }
    });
    list.append(element("li", {}, inside));
  }
  return list;
}

function sample(text, label) {
  const button = element("button", { type: "button", "aria-label": `Copy ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it";
    }
  });
  const shown = element("pre", { tabindex: "0", "aria-label": label }, text);
  return element("div", { class: "sample" }, shown, button);
}

const quoted = (text) => "'" + text.replace(/'/g, "'\\''") + "'";

function curl(operation) {
  const named = (operation.parameters || []).map(resolved).filter((it) => it.in === "path");
  const path = named.reduce(
    (so_far, it) => so_far.replace(`{${it.name}}`, it.example || `{${it.name}}`), operation.path);
  const words = ["curl -sS"];
  if (operation.method !== "get") words.push("-X " + operation.method.toUpperCase());
  if (operation.right !== "anyone") words.push('-H "Authorization: Bearer $AX_KEY"');
  const body = operation.requestBody && resolved(operation.requestBody).content[JSON_TYPE];
  if (body) {
    words.push("-H 'Content-Type: application/json'");
    words.push("-d " + quoted(JSON.stringify(body.example || {})));
  }
  words.push(quoted(location.origin + path));
  return words.join(" \\\n  ");
}

function body(title, part) {
  const content = (resolved(part).content || {})[JSON_TYPE];
  if (!content) return [];
  const shown = [element("h3", {}, title), tree(content.schema)];
  if (content.example !== undefined) {
    shown.push(sample(JSON.stringify(content.example, null, 2), title));
  }
  return shown;
}

function parameters(operation) {
  const all = (operation.parameters || []).map(resolved);
  if (all.length === 0) return [];
  const rows = all.map((it) => element("tr", {},
    element("td", {}, it.name, it.required ? element("span", { class: "must" }, "*") : null),
    element("td", { class: "kind" }, it.in),
    element("td", { class: "kind" }, kind(it.schema)),
    element("td", {}, it.description || limits(resolved(it.schema)))));
  return [element("h3", {}, "Parameters"), element("table", {}, element("tbody", {}, rows))];
}

function inside(operation) {
  const shown = [element("p", {}, operation.description || ""), ...parameters(operation)];
  if (operation.requestBody) shown.push(...body("Request", operation.requestBody));
  for (const [status, answer] of Object.entries(operation.responses || {})) {
    if (status === "default") continue;
    const title = `${status} ${resolved(answer).description || ""}`;
    const parts = body(title, answer);
    shown.push(...(parts.length > 0 ? parts : [element("h3", {}, title)]));
  }
  shown.push(element("p", { class: "about" }, "Anything else is a problem document: ",
    element("a", { href: "/errors" }, "its codes")));
  shown.push(element("h3", {}, "Try it"), sample(curl(operation), "curl"));
  return element("div", { class: "inside" }, shown);
}

function row(operation) {
  const parts = operation.path.split(/(\{[^}]*\})/);
  const path = parts.map((part) => (part.startsWith("{") ?
    element("span", { class: "place" }, part) : part));
  const summary = element("summary", {},
    element("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()),
    element("span", { class: "path" }, path),
    element("span", { class: "summary" }, operation.summary || ""),
    element("span", { class: "right", title: "the right that it needs" }, operation.right));
  const made = element("details", { class: "operation", id: operation.operationId }, summary);
  made.addEventListener("toggle", () => {
    if (made.open && made.children.length === 1) made.append(inside(operation));
  });
  operation.row = made;
  return made;
}

function operations() {
  const found = [];
  for (const [path, item] of Object.entries(description.paths || {})) {
    for (const method of METHODS.filter((it) => item[it])) {
      const right = (item[method].security || [])[0];
      const word = ((right || {}).key || [])[0] || "anyone";
      found.push({ ...item[method], path, method, right: word });
    }
  }
  return found;
}

function show(all) {
  const main = document.getElementById("operations");
  const tags = document.getElementById("tags");
  for (const tag of description.tags || []) {
    const own = all.filter((it) => (it.tags || []).includes(tag.name));
    if (own.length === 0) continue;
    main.append(element("section", {}, element("h2", { id: `tag-${tag.name}` }, tag.name),
      element("p", {}, tag.description || ""), own.map(row)));
    tags.append(element("a", { href: `#tag-${tag.name}` }, tag.name));
  }
}

function filter(all, wish) {
  const words = wish.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const it of all.filter((one) => one.row)) {
    const text = [it.method, it.path, it.summary, it.operationId, it.right, ...(it.tags || [])];
    const said = text.join(" ").toLowerCase();
    it.row.hidden = !words.every((word) => said.includes(word));
    count += it.row.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = !section.querySelector("details.operation:not([hidden])");
  }
  document.getElementById("count").textContent = `${count} of ${all.length} operations`;
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named && named.matches("details")) named.open = true;
  if (named) named.scrollIntoView();
}

async function begin() {
  description = await (await fetch("/openapi.json")).json();
  document.getElementById("version").textContent = description.info.version;
  document.getElementById("about").textContent = description.info.description;
  const all = operations();
  show(all);
  filter(all, "");
  const wish = document.getElementById("filter");
  wish.addEventListener("input", () => filter(all, wish.value));
  const button = document.getElementById("all");
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-pressed") !== "true";
    for (const it of all.filter((one) => one.row && !one.row.hidden)) it.row.open = isOpen;
    button.setAttribute("aria-pressed", String(isOpen));
    button.textContent = isOpen ? "Close all" : "Open all";
  });
  addEventListener("hashchange", openNamed);
  openNamed();
}

begin().catch((error) => {
  document.getElementById("about").textContent = `The description cannot be shown: ${error}`;
});
