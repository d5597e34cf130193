// Keys: g and a letter goes somewhere, / searches, j and k walk a list, ? shows them all. Nothing here is needed to use the app.
"use strict";

const typing = (element) =>
  element.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName);
let afterG = 0;

function walk(step) {
  const rows = [...document.querySelectorAll("[data-walk]")].filter((row) => row.offsetParent !== null);
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement.closest("[data-walk]"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at === -1 ? 0 : at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

// What one key alone does on this page: data-press names the keys. A letter is the same on any keyboard: s lies where ы and س lie.
function pressed(event) {
  const letter = /^Key[A-Z]$/.test(event.code) && !/^[a-z]$/i.test(event.key) ? event.code.slice(3) : event.key;
  const key = letter.length === 1 ? letter.toLowerCase() : letter;
  return [...document.querySelectorAll("[data-press]")].find((one) => one.dataset.press.split(" ").includes(key));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const finder = document.getElementById("q");
  if (event.key === "Escape" && finder && finder.closest(".finder").contains(document.activeElement)) {
    document.getElementById("found").replaceChildren();
    finder.focus();
    return;
  }
  if (event.target === finder || event.target.closest(".panel")) {
    const links = [...document.querySelectorAll("#found a")];
    const at = links.indexOf(event.target);
    if (event.key === "ArrowDown" && links.length) {
      links[Math.min(links.length - 1, at + 1)].focus();
      event.preventDefault();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (at === 0 ? finder : links[at - 1]).focus();
      event.preventDefault();
    }
    return;
  }
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (Date.now() - afterG < 1200) {
    afterG = 0;
    const place = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (place) place.click();
  } else if (event.key === "g") {
    afterG = Date.now();
  } else if (event.key === "/" && finder) {
    finder.focus();
    finder.select();
  } else if (!event.repeat && pressed(event)) {
    pressed(event).click();
  } else if (event.key === "j" || event.key === "k") {
    walk(event.key === "j" ? 1 : -1);
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
});

// One sheet of choices at a time; a click beside it closes it.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.(".choices") || !event.target.open) return;
  for (const other of document.querySelectorAll(".choices[open]")) if (other !== event.target) other.open = false;
}, true);
document.addEventListener("click", (event) => {
  for (const sheet of document.querySelectorAll(".choices[open]")) if (!sheet.contains(event.target)) sheet.open = false;
});

// A form is sent once: an impatient second click records nothing twice.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// A filter acts as soon as it is chosen.
document.addEventListener("change", (event) => {
  if (event.target.closest("form[data-at-once]")) event.target.form.requestSubmit();
});

// Where a fragment replaced what had the focus, the focus goes to what came.
document.addEventListener("htmx:afterSwap", (event) => {
  const came = event.detail.elt?.querySelector?.("[data-focus]") ?? document.querySelector("[data-focus]");
  if (came && !typing(document.activeElement)) {
    came.focus();
    came.removeAttribute("data-focus");
  }
});
