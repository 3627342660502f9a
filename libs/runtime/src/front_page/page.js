"use strict";

/** Puts text on the clipboard, also where the page came over plain HTTP and has no clipboard of its own. */
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("the browser does not copy");
}

// A proxy that speaks TLS for the server knows the address better than the server.
for (const code of document.querySelectorAll("pre code")) {
  code.textContent = code.textContent.replaceAll(document.body.dataset.address, location.origin);
}

for (const pre of document.querySelectorAll("pre")) {
  const block = document.createElement("div");
  block.className = "block";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", () => copy(pre.textContent).then(() => "Copied", () => "Select and copy").then((said) => {
    button.textContent = said;
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }));
  pre.replaceWith(block);
  block.append(pre, button);
}
