"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
/** The address that stands in all lines to copy. */
const USUAL = "http://localhost:7700";
/** Errors that every operation may answer; the chapter on errors has them. */
const COMMON_ERRORS = ["BadRequest", "NamespaceNotFound", "RateLimited", "HeadersTooLarge", "Internal", "Unavailable",
  "RequestTimeout", "PayloadTooLarge", "UnsupportedMediaType"];
let api;

/** An element with text or children; text never becomes markup. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function withCode(text) {
  return text.split("`").map((piece, index) => (index % 2 ? element("code", null, piece) : piece));
}

/** Text in which `…` is code, and an empty line begins a paragraph. */
function prose(text) {
  return (text || "").split("\n\n").filter(Boolean).map((part) => element("p", null, ...withCode(part)));
}

function inline(text) {
  return element("span", null, ...withCode(text || ""));
}

function resolve(object) {
  if (!object || !object.$ref) return object;
  return object.$ref.slice(2).split("/").reduce((place, key) => place[key], api);
}

function nameOf(object) {
  return object.$ref ? object.$ref.split("/").pop() : null;
}

/** A schema as text, close to how TypeScript writes a type. */
function shape(schema, depth, seen) {
  if (schema === true || !schema || Object.keys(schema).length === 0) return "any";
  if (schema.$ref) {
    const name = nameOf(schema);
    if (seen.includes(name)) return name;
    return shape(resolve(schema), depth, [...seen, name]);
  }
  const pad = "  ".repeat(depth + 1);
  const all = (schemas, mark) => schemas.map((part) => shape(part, depth, seen)).join(mark);
  if (schema.oneOf) return all(schema.oneOf, " | ");
  if (schema.anyOf) return all(schema.anyOf, " | ");
  if (schema.allOf) return all(schema.allOf, " & ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [].concat(schema.type || (schema.properties ? "object" : "any"));
  return types.map((type) => {
    if (type === "array") return (schema.prefixItems ? "any" : shape(schema.items, depth, seen)) + "[]";
    if (type !== "object") return type;
    const lines = Object.entries(schema.properties || {}).map(([key, value]) => {
      const mark = (schema.required || []).includes(key) ? "" : "?";
      const about = value.description ? "  // " + value.description.replaceAll("\n", " ") : "";
      return pad + key + mark + ": " + shape(value, depth + 1, seen) + about;
    });
    if (schema.additionalProperties && schema.additionalProperties !== false) {
      lines.push(pad + "[name]: " + shape(schema.additionalProperties, depth + 1, seen));
    }
    return lines.length ? "{\n" + lines.join("\n") + "\n" + "  ".repeat(depth) + "}" : "{}";
  }).join(" | ");
}

/** JSON for a reader: on one line as long as that is short. */
function pretty(value, indent = 0) {
  const isList = Array.isArray(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const parts = isList ? value.map((item) => pretty(item, indent + 2))
    : Object.entries(value).map(([key, item]) => JSON.stringify(key) + ": " + pretty(item, indent + 2));
  const [open, close] = isList ? "[]" : "{}";
  const line = open + parts.join(", ") + close;
  if (!line.includes("\n") && line.length + indent <= 76) return line;
  const pad = " ".repeat(indent + 2);
  return open + "\n" + parts.map((part) => pad + part).join(",\n") + "\n" + " ".repeat(indent) + close;
}

/** Puts text on the clipboard, also where the page came over plain HTTP and has no clipboard of its own. */
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = element("textarea", { "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("the browser does not copy");
}

/** Code with a button that copies it. */
function block(pre) {
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    button.textContent = await copy(pre.textContent).then(() => "Copied", () => "Select and copy");
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  const made = element("div", { class: "block" });
  if (pre.dataset.language) made.dataset.language = pre.dataset.language;
  if (pre.parentNode) pre.replaceWith(made);
  delete pre.dataset.language;
  made.append(pre, button);
  return made;
}

function code(text) {
  return block(element("pre", null, element("code", null, text)));
}

function choose(language) {
  document.body.dataset.language = language;
  for (const button of document.querySelectorAll(".tabs button")) {
    button.setAttribute("aria-pressed", String(button.dataset.of === language));
  }
  try { localStorage.setItem("ddb.docs.language", language); } catch { /* The choice lasts as long as the page. */ }
}

/** Lines in several languages, of which the chosen one is shown. */
function samples(pres) {
  const tabs = element("div", { class: "tabs", role: "group", "aria-label": "Language" });
  for (const pre of pres) {
    const language = pre.dataset.language;
    const pressed = String(language === document.body.dataset.language);
    const button = element("button", { type: "button", "data-of": language, "aria-pressed": pressed }, pre.dataset.label);
    button.addEventListener("click", () => {
      // The reader keeps the place, although lines above may have become more or fewer.
      const before = button.getBoundingClientRect().top;
      choose(language);
      window.scrollBy(0, button.getBoundingClientRect().top - before);
    });
    tabs.append(button);
  }
  return [tabs, ...pres.map(block)];
}

function here(text) {
  return location.protocol.startsWith("http") ? text.replaceAll(USUAL, location.origin) : text;
}

function access(operation) {
  const ways = operation.security || [];
  const token = ways.some((way) => way.token);
  if (!token) return "Takes no token.";
  return ways.some((way) => !way.token) ? "The token is optional." : "Needs a token.";
}

function parameterTable(parameters) {
  const row = (parameter) => element("tr", null,
    element("td", null, element("code", null, parameter.name), parameter.required ? element("div", { class: "quiet" }, "required") : null),
    element("td", { class: "quiet" }, parameter.in),
    element("td", null, inline(parameter.description),
      parameter.example === undefined ? null : element("div", { class: "quiet" }, "e.g. ", element("code", null, String(parameter.example)))));
  return element("div", { class: "wide" }, element("table", null, ...parameters.map(row)));
}

function answers(operation) {
  const rows = [];
  const common = [];
  for (const [status, reference] of Object.entries(operation.responses)) {
    if (COMMON_ERRORS.includes(nameOf(reference))) { common.push(status); continue; }
    const answer = resolve(reference);
    const cell = element("td", null, inline(answer.description));
    const media = status < "300" && answer.content && answer.content["application/json"];
    if (media) {
      cell.append(element("pre", null, element("code", null, pretty(media.example))));
      cell.append(element("details", null, element("summary", null, "Schema"), element("pre", null, shape(media.schema, 0, []))));
    }
    rows.push(element("tr", null, element("td", null, element("code", null, status)), cell));
  }
  const more = common.length ? element("p", { class: "quiet" }, "As every operation: " + common.join(", ") + ". See ",
    element("a", { href: "#errors" }, "Errors"), ".") : null;
  return [element("div", { class: "wide" }, element("table", null, ...rows)), more];
}

/** The headers that every request may have. */
function isCommon(parameter) {
  return ["Namespace", "Version", "MinTx", "RequestId"].includes(nameOf(parameter));
}

function details(operation) {
  const content = element("div", null, ...prose(operation.description), element("p", { class: "quiet" }, access(operation)));
  const lines = (operation["x-codeSamples"] || []).map((sample) =>
    element("pre", { "data-language": sample.lang, "data-label": sample.label }, element("code", null, here(sample.source))));
  content.append(element("div", { class: "samples" }, ...samples(lines)));
  const parameters = (operation.parameters || []).filter((parameter) => !isCommon(parameter)).map(resolve);
  if (parameters.length) content.append(element("h4", null, "Parameters"), parameterTable(parameters));
  const body = operation.requestBody && operation.requestBody.content["application/json"];
  if (body) {
    content.append(element("h4", null, "Body"), ...prose(resolve(body.schema).description), code(pretty(body.example)));
    content.append(element("details", null, element("summary", null, "Schema"), code(shape(body.schema, 0, []))));
  }
  content.append(element("h4", null, "Answers"), ...answers(operation).filter(Boolean));
  return content;
}

function show(method, path, operation) {
  const title = element("summary", null, element("span", { class: "method " + method }, method.toUpperCase()),
    element("code", null, path), element("span", { class: "quiet" }, operation.summary || ""));
  const fold = element("details", null, title);
  // Made when it is first opened: a document has many operations.
  const fill = () => { if (fold.children.length === 1) fold.append(details(operation)); };
  fold.addEventListener("toggle", fill);
  const article = element("article", { id: operation.operationId }, fold);
  article.open = () => { fill(); fold.open = true; };
  return article;
}

/** What can be found: an element of the page, its line in the contents, and the text that is searched. */
const entries = [];

function textOf(operation, method, path) {
  const parameters = (operation.parameters || []).filter((parameter) => !isCommon(parameter)).map(resolve).map((parameter) => parameter.name);
  return [method, path, operation.summary, operation.description, operation.operationId, ...parameters].join(" ").toLowerCase();
}

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const entry of entries) {
    const matches = words.every((word) => entry.text.includes(word));
    entry.shown.hidden = entry.link.hidden = !matches;
    found += matches;
  }
  for (const group of document.querySelectorAll("nav .list, main section.group")) {
    group.hidden = words.length > 0 && !group.querySelector("a:not([hidden]):not(h2 a), article:not([hidden])");
  }
  document.getElementById("found").textContent = words.length ? (found === 1 ? "1 place" : found + " places") : "";
}

function goTo(hash) {
  const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!target) return;
  if (target.open instanceof Function) target.open();
  target.scrollIntoView();
  for (const link of document.querySelectorAll("nav .list a")) {
    if (link.getAttribute("href") === hash) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  }
}

function prepareGuide() {
  try { choose(localStorage.getItem("ddb.docs.language") || "shell"); } catch { /* Nothing is remembered. */ }
  const guide = document.getElementById("guide");
  for (const lines of guide.querySelectorAll("pre code")) lines.textContent = here(lines.textContent);
  for (const group of guide.querySelectorAll(".samples")) group.prepend(...samples([...group.querySelectorAll("pre")]).slice(0, 1));
  for (const pre of guide.querySelectorAll("pre")) if (!pre.closest(".block, .answer")) block(pre);
  for (const link of document.querySelectorAll("nav .list a")) {
    const shown = document.getElementById(link.getAttribute("href").slice(1));
    entries.push({ shown, link, text: shown.textContent.toLowerCase() });
  }
}

/** The operations of a chapter, in the order of their use. */
function operationsOf(tag) {
  const found = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((method) => item[method] && (item[method].tags || []).includes(tag.name))) {
      found.push({ method, path, operation: item[method] });
    }
  }
  const order = (entry) => entry.operation["x-order"] ?? found.length;
  return found.sort((one, other) => order(one) - order(other));
}

function render() {
  const operations = document.getElementById("operations");
  const contents = document.getElementById("contents");
  operations.replaceChildren(
    element("h2", { id: "operations-of-this-server" }, "Operations"),
    element("p", { class: "quiet" }, "Version " + api.info.version + " · OpenAPI " + api.openapi + " · ",
      element("a", { href: "openapi.json" }, "openapi.json")),
    ...prose(api.info.description),
    element("h3", null, "Headers of every request"),
    parameterTable(["Namespace", "Version", "MinTx", "RequestId"].map((name) => api.components.parameters[name])));
  for (const tag of api.tags || []) {
    const chapter = element("section", { class: "group" }, element("h2", { id: "operations-" + tag.name }, tag.name[0].toUpperCase() + tag.name.slice(1)),
      ...prose(tag.description));
    const list = element("div", { class: "list" }, element("h2", null, tag.name));
    for (const { method, path, operation } of operationsOf(tag)) {
      const shown = show(method, path, operation);
      const link = element("a", { href: "#" + operation.operationId, title: operation.summary || "" },
        element("span", { class: "method " + method }, method.toUpperCase()), element("span", null, path.replace(/^\/api/, "")));
      chapter.append(shown);
      list.append(link);
      entries.push({ shown, link, text: textOf(operation, method, path) });
    }
    operations.append(chapter);
    contents.append(list);
  }
  if (document.getElementById("search").value) search(document.getElementById("search").value);
}

prepareGuide();
const field = document.getElementById("search");
field.addEventListener("input", () => search(field.value));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
window.addEventListener("hashchange", () => goTo(location.hash));
if (window.matchMedia("(max-width: 52rem)").matches) document.getElementById("contents").open = false;
fetch("openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error("status " + answer.status))))
  .then((found) => { api = found; render(); goTo(location.hash); })
  .catch((error) => { document.getElementById("state").textContent = "The operations cannot be shown: " + error.message; });
