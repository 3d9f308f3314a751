/* Small comforts. Every page is complete without this file. */
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Show and hide a password. The button exists in the page, hidden, so that nobody sees one that does nothing.
  for (const button of all("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.firstChild.data = shown ? button.dataset.show : button.dataset.hide;
    });
    // A revealed password must leave the page as a password, or some browsers remember it as plain form text.
    input.form?.addEventListener("submit", () => { input.type = "password"; });
  }

  // Caps lock, said while typing.
  for (const hint of all("[data-caps]")) {
    const input = document.getElementById(hint.dataset.caps);
    const look = (event) => { hint.hidden = !(event.getModifierState && event.getModifierState("CapsLock")); };
    input.addEventListener("keydown", look);
    input.addEventListener("keyup", look);
    input.addEventListener("blur", () => { hint.hidden = true; });
  }

  // Password rules tick as they are met. "common" stays open: only the server knows its list.
  const judges = {
    min: (text, item) => Array.from(text.normalize("NFC")).length >= Number(item.dataset.limit),
    max: (text, item) => Array.from(text.normalize("NFC")).length <= Number(item.dataset.limit),
    personal: (text, item) => {
      const folded = text.normalize("NFC").toLowerCase();
      return !item.dataset.words.split("\n").some((word) => word.length >= 4 && folded.includes(word.toLowerCase()));
    },
    match: (text, item) => text === document.getElementById(item.dataset.other).value,
  };
  for (const list of all("[data-rules]")) {
    const input = document.getElementById(list.dataset.rules);
    const items = all("[data-rule]", list);
    const match = items.find((item) => item.dataset.rule === "match");
    const look = () => {
      for (const item of items) {
        const judge = judges[item.dataset.rule];
        const silent = input.value === "" || !judge;
        const good = !silent && judge(input.value, item);
        // Not yet met is no mistake while somebody is typing; only what typing on cannot mend is marked as broken.
        const broken = !silent && !good && ["max", "personal"].includes(item.dataset.rule);
        item.dataset.state = good ? "met" : broken ? "unmet" : "open";
        item.querySelector("[data-said]").textContent = good ? list.dataset.met : broken ? list.dataset.unmet : "";
      }
    };
    input.addEventListener("input", look);
    if (match) document.getElementById(match.dataset.other).addEventListener("input", look);
  }

  // One click, one request. The page coming back from the history is usable again.
  for (const form of all("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (event.submitter?.formTarget) return;
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      event.submitter?.setAttribute("aria-busy", "true");
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
    }
  });

  // A code must not wait in the page's history for whoever presses Back next.
  window.addEventListener("pagehide", () => {
    for (const input of all("input.code")) input.value = "";
  });

  // Copy a text shown on the page.
  for (const button of all("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      const said = document.getElementById(button.dataset.said);
      if (said) said.textContent = button.dataset.done;
    });
  }
})();
