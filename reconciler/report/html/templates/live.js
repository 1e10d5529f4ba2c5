// Keeps the page as its server has it. Runs before the page is made to work, so that it sees it as it was sent.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const sent = (root) => new Map(all(".voice", root).map((voice) => [voice.dataset.key, voice.outerHTML]));
  let known = sent(document);
  let moving = false, again = false;

  // What somebody has opened, or listens to, stays as it is where it is still there.
  const keep = (before, after) => {
    const details = before.querySelector("details"), opened = after.querySelector("details");
    if (details && opened) opened.open = details.open;
    for (const audio of all("audio", before)) {
      const same = all("audio", after).find((other) => other.getAttribute("src") === audio.getAttribute("src"));
      if (!same || audio.currentTime === 0) continue;
      const { currentTime, paused } = audio;
      same.addEventListener("loadedmetadata", () => {
        same.currentTime = currentTime;
        if (!paused) same.play().catch(() => {});
      }, { once: true });
      same.preload = "auto";
    }
  };

  const move = (page) => {
    const now = sent(page), fresh = [];
    const here = new Map(all(".voice").map((voice) => [voice.dataset.key, voice]));
    const focused = document.activeElement?.id;
    for (const part of ["svg.defs", ".from", "section[aria-labelledby=plan-title]"]) {
      const old = document.querySelector(part), next = page.querySelector(part);
      if (old && next && old.outerHTML !== next.outerHTML) old.replaceWith(document.importNode(next, true));
    }
    for (const [key, voice] of here) if (!now.has(key)) voice.remove();
    let before = document.querySelector(".filter");
    all("#voices > p.quiet").forEach((note) => note.remove());
    for (const next of all(".voice", page)) {
      const key = next.dataset.key, old = here.get(key);
      let voice = old;
      if (!old || known.get(key) !== now.get(key)) {
        voice = document.importNode(next, true);
        if (old) { keep(old, voice); old.replaceWith(voice); }
        fresh.push(voice);
      }
      if (before.nextElementSibling !== voice) before.after(voice);
      before = voice;
    }
    known = now;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("voices-moved", { detail: fresh }));
  };

  const update = async () => {
    if (moving) { again = true; return; }
    moving = true;
    try {
      do {
        again = false;
        const answer = await fetch("/", { cache: "no-store" });
        if (answer.ok) move(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } while (again);
    } catch { /* the next event comes when the server is back */ }
    moving = false;
  };

  const events = new EventSource("/events");
  const say = (text) => { document.querySelector("#live").textContent = text; };
  events.addEventListener("open", () => { say("live"); update(); });
  events.addEventListener("error", () => say("not connected"));
  events.addEventListener("message", update);
})();
