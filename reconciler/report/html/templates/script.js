// The page reads without this; with it, it can be heard, filtered and walked through.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const memory = {
    get(name) { try { return localStorage.getItem("voicectl-" + name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem("voicectl-" + name, value); } catch { /* it is forgotten */ } },
  };
  const clock = (seconds) => {
    const tenths = Math.floor(seconds * 10 + 1e-6);
    return Math.floor(tenths / 600) + ":" + String(Math.floor(tenths / 10) % 60).padStart(2, "0") + "." + (tenths % 10);
  };

  // Theme
  const themes = ["auto", "light", "dark"];
  const themeButton = one("#theme");
  const setTheme = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    themeButton.textContent = "Theme: " + theme;
    themeButton.setAttribute("aria-label", "Theme: " + (theme === "auto" ? "automatic" : theme));
    themeButton.value = theme;
    memory.set("theme", theme);
  };
  const nextTheme = () => setTheme(themes[(themes.indexOf(themeButton.value) + 1) % themes.length]);
  setTheme(themes.includes(memory.get("theme")) ? memory.get("theme") : "auto");
  themeButton.addEventListener("click", nextTheme);

  // Filter
  let voices = all(".voice");
  const wanted = one("#filter"), onlyChanged = one("#only-changed"), onlyFindings = one("#only-findings");
  const filter = () => {
    const text = wanted.value.trim().toLowerCase();
    let shown = 0;
    for (const voice of voices) {
      const fits = voice.dataset.key.toLowerCase().includes(text)
        && (!onlyChanged.checked || "changed" in voice.dataset)
        && (!onlyFindings.checked || "findings" in voice.dataset);
      voice.hidden = !fits;
      if (!fits) all("audio", voice).forEach((audio) => audio.pause());
      shown += fits;
    }
    one("#count").textContent = shown === voices.length ? `${shown} shown` : `${shown} of ${voices.length} shown`;
  };
  for (const control of [wanted, onlyChanged, onlyFindings]) control.addEventListener("input", filter);
  filter();

  // Samples
  const seek = (audio, seconds, play) => {
    const go = () => { audio.currentTime = seconds; if (play) audio.play().catch(() => {}); };
    if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) return go();
    audio.addEventListener("loadedmetadata", go, { once: true });
    audio.preload = "auto";
    audio.load();
  };
  const prepare = (sample) => {
    const plot = one(".plot", sample), wave = one(".wave", sample), audio = one("audio", sample);
    const duration = Number(sample.dataset.duration);
    const findings = all(".finding", sample);
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");
    plot.append(tip);
    all("title", plot).forEach((title) => title.remove()); // the tip says it sooner

    const light = (numbers) => {
      for (const part of all("[data-n]", sample)) part.classList.toggle("lit", numbers.includes(part.dataset.n));
    };
    const message = (n) => one("bdi", findings.find((finding) => finding.dataset.n === n)).textContent;
    const show = (x, y, text) => {
      tip.textContent = text;
      tip.hidden = false;
      tip.style.left = Math.max(0, Math.min(x, plot.clientWidth - tip.offsetWidth)) + "px";
      tip.style.top = Math.max(0, y - tip.offsetHeight - 10) + "px";
    };
    const hide = () => { tip.hidden = true; light([]); };
    const timeAt = (event) => {
      const box = wave.getBoundingClientRect();
      return (event.clientX - box.left) / box.width * duration;
    };
    const under = (event) => {
      const lane = event.target.closest("svg.lane[data-n]");
      const numbers = all("g.band", wave).filter((band) => all("rect", band).some((rect) => {
        const box = rect.getBoundingClientRect();
        return event.clientX >= box.left - 3 && event.clientX <= box.right + 3;
      })).map((band) => band.dataset.n);
      return lane ? [lane.dataset.n] : numbers;
    };
    plot.addEventListener("pointermove", (event) => {
      const at = timeAt(event);
      if (at < 0 || at > duration || event.target.closest(".gutter")) return hide();
      const numbers = under(event);
      light(numbers);
      const box = plot.getBoundingClientRect();
      show(event.clientX - box.left + 8, event.clientY - box.top, [clock(at), ...numbers.map(message)].join("\n"));
    });
    plot.addEventListener("pointerleave", hide);
    for (const link of all("a.gutter", plot)) {
      const reveal = () => { light([link.dataset.n]); show(link.offsetWidth + 8, link.offsetTop, message(link.dataset.n)); };
      link.addEventListener("focus", reveal);
      link.addEventListener("pointerenter", reveal);
      link.addEventListener("blur", hide);
      link.addEventListener("pointerleave", hide);
    }
    for (const finding of findings) {
      const lit = () => light([finding.dataset.n]);
      finding.addEventListener("pointerenter", lit);
      finding.addEventListener("focusin", lit);
      finding.addEventListener("pointerleave", () => light([]));
      finding.addEventListener("focusout", () => light([]));
    }
    if (!audio) return;

    sample.classList.add("seekable");
    const head = document.createElement("div");
    head.className = "playhead";
    head.hidden = true;
    plot.append(head);
    const draw = () => {
      const box = wave.getBoundingClientRect();
      const share = Math.min(audio.currentTime / duration, 1);
      head.style.left = box.left - plot.getBoundingClientRect().left + share * box.width + "px";
      head.hidden = audio.currentTime === 0 && audio.paused;
      if (!audio.paused) requestAnimationFrame(draw);
    };
    audio.addEventListener("play", () => {
      all("audio").forEach((other) => { if (other !== audio) other.pause(); });
      draw();
    });
    for (const kind of ["seeked", "timeupdate", "pause"]) audio.addEventListener(kind, draw);
    plot.addEventListener("click", (event) => {
      const at = timeAt(event);
      if (!event.target.closest(".gutter") && at >= 0 && at <= duration) seek(audio, at, false);
    });
    for (const place of all("[data-at]", sample)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = place.textContent;
      button.setAttribute("aria-label", "Play from " + place.textContent.split("-")[0]);
      button.addEventListener("click", () => seek(audio, Number(place.dataset.at), true));
      place.replaceWith(button);
    }
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      if (audio.preload === "none") audio.preload = "metadata";
      observer.disconnect();
    }).observe(audio);
  };
  all(".sample").forEach(prepare);
  addEventListener("resize", () => all("audio").forEach((audio) => audio.dispatchEvent(new Event("timeupdate"))));
  document.addEventListener("voices-moved", (event) => {
    voices = all(".voice");
    for (const voice of event.detail) all(".sample", voice).forEach(prepare);
    filter();
  });

  // Keys
  const help = one("#help"), keysOn = one("#keys-on");
  keysOn.checked = memory.get("keys") !== "off";
  keysOn.addEventListener("change", () => memory.set("keys", keysOn.checked ? "on" : "off"));
  one("#keys").addEventListener("click", () => help.showModal());
  const step = (places, direction) => {
    const shown = places.filter((place) => place.checkVisibility());
    const here = document.activeElement;
    const at = shown.findIndex((place) => place === here || place.contains(here));
    let next = at + direction;
    if (at < 0) {
      const after = shown.findIndex((place) => here.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING);
      next = direction > 0 ? after : (after < 0 ? shown.length : after) - 1;
    }
    const place = shown[next];
    if (!place) return;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  };
  const inView = () => {
    const near = document.activeElement.closest(".sample, .voice");
    const players = all("audio", near || document).filter((audio) => audio.checkVisibility());
    return players.find((audio) => !audio.paused) || players.find((audio) => {
      const box = audio.getBoundingClientRect();
      return box.top >= 0 && box.bottom <= innerHeight;
    }) || players[0];
  };
  const keys = {
    "/": () => { wanted.focus(); wanted.select(); },
    j: () => step(voices, 1),
    k: () => step(voices, -1),
    n: () => step(all(".finding"), 1),
    p: () => step(all(".finding"), -1),
    t: nextTheme,
    "?": () => help.showModal(),
    ".": () => {
      const audio = inView();
      if (audio) audio.paused ? audio.play().catch(() => {}) : audio.pause();
    },
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || !keysOn.checked) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  all(".tools, .filter").forEach((part) => { part.hidden = false; });
})();
