/* Comforts of the editor of templates. The page is complete without this file. */
"use strict";
(() => {
  const form = document.getElementById("template");
  const previews = Array.from(document.querySelectorAll("[data-preview]"));
  let last = form.querySelector("textarea[data-takes]");
  let chosen = previews[0];
  let soon = 0;

  // A name goes to where somebody was writing.
  for (const field of form.querySelectorAll("[data-takes]")) field.addEventListener("focus", () => { last = field; });
  for (const button of document.querySelectorAll("[data-insert]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
      last.focus();
      last.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // A frame that is loaded again would be one more step for the browser's way back; a new one is not.
  const renew = () => {
    const old = document.querySelector("iframe[name=preview]");
    const fresh = old.cloneNode();
    fresh.removeAttribute("src");
    old.replaceWith(fresh);
  };
  for (const button of previews) button.addEventListener("click", () => { chosen = button; clearTimeout(soon); renew(); });
  const look = () => {
    clearTimeout(soon);
    soon = setTimeout(() => { renew(); form.requestSubmit(chosen); }, 800);
  };
  form.addEventListener("input", look);
  document.getElementById("person")?.addEventListener("change", look);
  if (form.dataset.typed !== undefined) look();
})();
