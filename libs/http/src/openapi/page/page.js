"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
let api;

/** An element with text or children; text never becomes markup. */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text in which `…` is code, and an empty line begins a paragraph. */
function prose(text) {
  const paragraph = (part) =>
    element("p", null, ...part.split("`").map((piece, index) => (index % 2 ? element("code", null, piece) : piece)));
  return (text || "").split("\n\n").filter(Boolean).map(paragraph);
}

function inline(text) {
  return element("span", null, ...(text || "").split("`").map((piece, index) => (index % 2 ? element("code", null, piece) : piece)));
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

/** The example of a body: its own, or made of the examples in the schema. */
function exampleOf(media) {
  return media.example !== undefined ? media.example : sample(media.schema, []);
}

function sample(schema, seen) {
  if (!schema || schema === true) return null;
  if (schema.$ref) return seen.includes(schema.$ref) ? null : sample(resolve(schema), [...seen, schema.$ref]);
  if (schema.example !== undefined) return schema.example;
  if (schema.examples) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const parts = schema.oneOf || schema.anyOf || schema.allOf;
  if (parts) return sample(parts.find((part) => part.type !== "null"), seen);
  const type = [].concat(schema.type)[0];
  if (type === "array") return [sample(schema.items, seen)];
  if (type === "object" || schema.properties) {
    const required = Object.entries(schema.properties || {}).filter(([key]) => (schema.required || []).includes(key));
    return Object.fromEntries(required.map(([key, value]) => [key, sample(value, seen)]));
  }
  return { string: "…", integer: 0, number: 0, boolean: false }[type] ?? null;
}

function quoted(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function curl(method, path, operation, parameters) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    const found = parameters.find((parameter) => parameter.in === "path" && parameter.name === name);
    return encodeURIComponent(String(found && found.example !== undefined ? found.example : name));
  });
  const parts = ["curl" + (method === "get" ? "" : " -X " + method.toUpperCase()) + " " + quoted(api.servers[0].url + filled)];
  if ((operation.security || []).some((way) => way.token)) parts.push('-H "Authorization: Bearer $TOKEN"');
  const body = operation.requestBody && operation.requestBody.content["application/json"];
  if (body) parts.push("-H 'Content-Type: application/json'", "-d " + quoted(JSON.stringify(exampleOf(body))));
  return parts.join(" \\\n  ");
}

function access(operation) {
  const ways = operation.security || [];
  const token = ways.some((way) => way.token);
  if (!token) return "Takes no token.";
  return ways.some((way) => !way.token) ? "With or without a token." : "Needs a token.";
}

function parameterTable(parameters) {
  const row = (parameter) => element("tr", null,
    element("td", null, element("code", null, parameter.name), parameter.required ? "" : element("span", { class: "quiet" }, " ?")),
    element("td", { class: "quiet" }, parameter.in),
    element("td", null, inline(parameter.description),
      parameter.example === undefined ? null : element("div", { class: "quiet" }, "e.g. ", element("code", null, String(parameter.example)))));
  return element("table", null, ...parameters.map(row));
}

function answers(operation) {
  const row = ([status, reference]) => {
    const answer = resolve(reference);
    const cell = element("td", null, inline(answer.description));
    const media = status < "300" && answer.content && answer.content["application/json"];
    if (media) {
      cell.append(element("pre", null, JSON.stringify(exampleOf(media), null, 2)));
      cell.append(element("details", null, element("summary", null, "Schema"), element("pre", null, shape(media.schema, 0, []))));
    }
    return element("tr", null, element("td", null, element("code", null, status)), cell);
  };
  return element("table", null, ...Object.entries(operation.responses).map(row));
}

function details(method, path, operation) {
  const parameters = (operation.parameters || []).map(resolve);
  const content = element("div", null, ...prose(operation.description), element("p", { class: "quiet" }, access(operation)));
  content.append(element("pre", null, curl(method, path, operation, parameters)));
  if (parameters.length) content.append(element("h4", null, "Parameters"), parameterTable(parameters));
  const body = operation.requestBody && operation.requestBody.content["application/json"];
  if (body) {
    content.append(element("h4", null, "Body"), element("pre", null, JSON.stringify(exampleOf(body), null, 2)));
    content.append(element("details", null, element("summary", null, "Schema"), element("pre", null, shape(body.schema, 0, []))));
  }
  content.append(element("h4", null, "Answers"), answers(operation));
  return content;
}

function show(method, path, operation) {
  const title = element("summary", null,
    element("span", { class: "method " + method }, method.toUpperCase()), element("code", null, path), " ",
    element("span", { class: "quiet" }, operation.summary || ""));
  const fold = element("details", null, title);
  // Made when it is first opened: a document has many operations.
  fold.addEventListener("toggle", () => { if (fold.children.length === 1) fold.append(details(method, path, operation)); });
  return element("article", { id: operation.operationId }, fold);
}

function render() {
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");
  main.replaceChildren(
    element("h1", null, api.info.title + " API"),
    element("p", { class: "quiet" }, "Version " + api.info.version + " · OpenAPI " + api.openapi),
    ...prose(api.info.description));
  const rows = [];
  for (const tag of api.tags || []) {
    const chapter = element("section", null, element("h2", null, tag.name), ...prose(tag.description));
    const list = element("div", null, element("h2", null, tag.name));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS.filter((method) => item[method] && (item[method].tags || []).includes(tag.name))) {
        const operation = item[method];
        const article = show(method, path, operation);
        const link = element("a", { href: "#" + operation.operationId },
          element("span", { class: "method " + method }, method.toUpperCase()), path);
        link.addEventListener("click", () => { article.firstChild.open = true; });
        chapter.append(article);
        list.append(link);
        const text = [method, path, operation.summary, operation.operationId].join(" ").toLowerCase();
        rows.push({ text, article, link });
      }
    }
    main.append(chapter);
    contents.append(list);
  }
  document.getElementById("search").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.article.hidden = row.link.hidden = !words.every((word) => row.text.includes(word));
  });
  const chosen = rows.find((row) => "#" + row.article.id === location.hash);
  if (chosen) {
    chosen.article.firstChild.open = true;
    chosen.article.scrollIntoView();
  }
}

fetch("openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error("status " + answer.status))))
  .then((found) => { api = found; render(); })
  .catch((error) => { document.getElementById("state").textContent = "The document cannot be shown: " + error.message; });
