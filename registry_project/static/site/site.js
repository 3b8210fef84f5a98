// Copying, times that stay true, and forms that cannot be sent twice. Every page works without this file.
"use strict";

const SPACE = "\u00a0";
const STEPS = [[31536000, "year"], [2592000, "month"], [86400, "day"], [3600, "h"], [60, "min"], [1, "s"]];

function relative(seconds) {
  const length = Math.abs(seconds);
  if (length < 1) return "just now";
  const [size, unit] = STEPS.find(([step]) => length >= step);
  const number = Math.floor(length / size);
  const plural = number !== 1 && (unit.length > 3 || unit === "day") ? "s" : "";
  const text = `${number}${SPACE}${unit}${plural}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    time.textContent = relative((Date.now() - Date.parse(time.dateTime)) / 1000);
  }
}

async function toClipboard(text) {
  // The clipboard's API is there on https and loopback only; elsewhere the old command does it.
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hear";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser does not let a page copy");
}

async function copy(button) {
  const label = button.querySelector("span");
  try {
    await toClipboard(button.dataset.copy);
    label.textContent = "Copied";
  } catch {
    label.textContent = "Select and copy by hand";
  }
  button.focus();
  setTimeout(() => { label.textContent = "Copy"; }, 2000);
}

function showCopyButtons() {
  for (const button of document.querySelectorAll("button.copy[hidden]")) button.hidden = false;
}

function ready() {
  showCopyButtons();
  refreshTimes();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (button) copy(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "get") {
    // Only what is filled in belongs in the address.
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    return;
  }
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.hasAttribute("hx-post")) return;
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
});

// A page that the browser took from its memory is as if it had just come: its forms may be sent.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form")) {
    delete form.dataset.sent;
    for (const field of form.elements) {
      if (form.method === "get") field.disabled = false;
      field.removeAttribute("aria-busy");
    }
  }
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  for (const name of Object.keys(event.detail.parameters)) {
    if (event.detail.parameters[name] === "") delete event.detail.parameters[name];
  }
});

// A list to choose from that is drawn anew keeps what was chosen meanwhile.
let boxes = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (list.classList.contains("choices-list")) boxes = [...list.querySelectorAll("input")];
});

document.addEventListener("htmx:afterSwap", () => {
  const list = document.querySelector(".choices-list");
  for (const box of boxes.splice(0).reverse()) {
    const here = [...list.querySelectorAll("input")].find((one) => one.value === box.value);
    if (here) here.checked = box.checked;
    else if (box.checked) list.prepend(box.closest("label"));
  }
});

document.addEventListener("htmx:load", ready);
document.addEventListener("DOMContentLoaded", ready);
setInterval(refreshTimes, 15000);
if (document.readyState !== "loading") ready();
