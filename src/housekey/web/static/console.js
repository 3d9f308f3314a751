/* Comforts of the console. Every page is complete without this file. */
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const find = document.querySelector(".find");
  const input = find?.querySelector("input");
  const hits = document.getElementById("hits");

  // Suggestions under the search field: arrows walk through them, Escape closes them.
  if (input && hits) {
    const links = () => all("a", hits);
    const close = () => { hits.replaceChildren(); };
    find.addEventListener("keydown", (event) => {
      const shown = links();
      const at = shown.indexOf(document.activeElement);
      if (event.key === "Escape") { close(); input.focus(); }
      else if (event.key === "ArrowDown" && shown.length) { event.preventDefault(); shown[Math.min(at + 1, shown.length - 1)].focus(); }
      else if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (at === 0 ? input : shown[at - 1]).focus(); }
    });
    document.addEventListener("focusin", (event) => { if (!find.contains(event.target)) close(); });
    document.addEventListener("click", (event) => { if (!find.contains(event.target)) close(); });
  }

  // Where we are is in sight, also in a list that scrolls.
  for (const here of document.querySelectorAll(".nav [aria-current], nav.chips [aria-current], nav.tabs [aria-current]")) {
    const box = here.closest("nav");
    const [inner, outer] = [here.getBoundingClientRect(), box.getBoundingClientRect()];
    box.scrollBy(Math.max(0, inner.right - outer.right + 16) + Math.min(0, inner.left - outer.left - 16),
      Math.max(0, inner.bottom - outer.bottom + 16) + Math.min(0, inner.top - outer.top));
  }

  // A colour is typed or picked: both fields say the same.
  for (const hue of all("[data-hue]")) {
    const text = document.getElementById(hue.dataset.hue);
    hue.hidden = false;
    hue.addEventListener("input", () => { text.value = hue.value; text.dispatchEvent(new Event("input", { bubbles: true })); });
    text.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(text.value)) hue.value = text.value; });
  }

  // Many users at once: the bar shows while somebody is ticked, and says how many.
  for (const form of all("[data-many]")) {
    const boxes = all("[name=id]", form);
    const whole = form.querySelector("[data-all]");
    const every = form.querySelector("[data-every]");
    const bar = form.querySelector(".bulk");
    const count = form.querySelector("[data-count]");
    const look = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      whole.checked = ticked === boxes.length;
      whole.indeterminate = ticked > 0 && ticked < boxes.length;
      count.querySelector("output").textContent = every?.checked ? every.dataset.every : ticked;
      bar.classList.toggle("resting", ticked === 0 && !every?.checked);
    };
    whole.hidden = count.hidden = false;
    bar.classList.add("sticky");
    form.querySelector("[data-page]").hidden = true;
    whole.addEventListener("change", () => { for (const box of boxes) box.checked = whole.checked; });
    form.addEventListener("change", look);
    window.addEventListener("pageshow", look);
    look();
  }

  // A job that is running: what moves is fetched; once it is over, the whole page is.
  for (const place of all("[data-live]")) {
    const here = new URL(location.href);
    if (here.searchParams.get("live") !== "yes") {
      // The page would load itself anew otherwise, for browsers without this script.
      here.searchParams.set("live", "yes");
      location.replace(here);
      break;
    }
    const swap = (fresh) => {
      for (const part of all("[id]", fresh)) {
        const old = document.getElementById(part.id);
        // What is spoken changes only with its words: a new element would be read out each time.
        if (part.getAttribute("role") === "status") { if (old.textContent !== part.textContent) old.textContent = part.textContent; }
        else if (old.outerHTML !== part.outerHTML) old.replaceWith(part);
      }
    };
    const look = async () => {
      try {
        const answer = await fetch(place.dataset.live, { credentials: "same-origin" });
        if (!answer.ok || answer.redirected) { location.reload(); return; }
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("job-progress");
        if (fresh.dataset.state !== "running") { location.reload(); return; }
        swap(fresh);
      } catch { /* the network is away: the next look may find it again */ }
      setTimeout(look, 1500);
    };
    setTimeout(look, 1000);
  }

  // A file that the server would refuse unread.
  for (const input of all("input[data-most]")) {
    input.addEventListener("change", () => {
      const large = input.files.length > 0 && input.files[0].size > Number(input.dataset.most);
      input.setCustomValidity(large ? input.dataset.said : "");
      if (large) input.reportValidity();
    });
  }

  // Whether a new user can be called so, said once typing pauses.
  for (const place of all("[data-check]")) {
    const name = document.getElementById(place.dataset.name);
    const domain = document.getElementById(place.dataset.domain);
    let waiting = 0, asked = 0;
    const ask = async () => {
      const turn = ++asked;
      if (!name.value.trim()) { place.textContent = ""; return; }
      try {
        const query = new URLSearchParams({ name: name.value, domain: domain.value });
        const answer = await fetch(`${place.dataset.check}?${query}`, { credentials: "same-origin" });
        if (!answer.ok || answer.redirected || turn !== asked) return;
        const said = await answer.json();
        place.textContent = said.sentence;
        place.classList.toggle("error", !said.free);
      } catch { /* the network is away: the name is looked at when the form is sent */ }
    };
    const look = () => { clearTimeout(waiting); waiting = setTimeout(ask, 400); };
    name.addEventListener("input", look);
    domain.addEventListener("change", look);
  }

  // Filters apply when they change.
  for (const field of all("[data-auto] select, [data-auto] input[type=checkbox]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }

  // Single keys, unless this browser does not want them.
  if (document.body.dataset.keys === undefined) return;
  let before = "";
  let forget = 0;
  const typing = (target) => target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || typing(event.target)) return;
    const pressed = before ? `${before} ${event.key}` : event.key;
    const target = document.querySelector(`[data-key="${CSS.escape(pressed)}"]`);
    clearTimeout(forget);
    before = "";
    if (target) {
      event.preventDefault();
      if (target.tagName === "INPUT") { target.focus(); target.select(); } else target.click();
    } else if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) {
      before = event.key;
      forget = setTimeout(() => { before = ""; }, 1500);
    }
  });
})();
