// The few things a page cannot do by itself: the scanner, keys, clocks, the idle lock, and live fragments. It holds no text and no rule.
(() => {
  "use strict";
  const SCAN_GAP_MS_MAX = 60; // a keyboard-wedge scanner types faster than any person
  const SCAN_LENGTH_MIN = 4;
  const SCAN_LENGTH_MAX = 512;
  const REFRESH_GAP_MS = 400; // many events at once refresh a fragment once
  const IDLE_WARNING_S = 30;

  const scanField = () => document.querySelector("[data-scan]");
  const isTyping = (node) => node instanceof HTMLElement && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
  const visible = (node) => node.offsetParent !== null;

  // --- A scan anywhere goes to the page's open scan field if there is one, else to the field at the top. ---
  let buffer = "";
  let last = 0;
  const openField = () => [...document.querySelectorAll("main input[data-expects]")].find((field) => !field.value && !field.disabled && visible(field));
  const scanning = (event) => buffer.length > 0 && event.timeStamp - last <= SCAN_GAP_MS_MAX;
  const deliver = (text) => {
    const field = openField() ?? scanField();
    if (!field) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (field.matches("[data-scan]")) field.form?.requestSubmit();
    else if (field.matches("[data-scan-into]")) { field.focus(); scanInto(field); }
    else { field.focus(); goOn(field); }
  };
  const wedge = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const now = event.timeStamp;
    if (now - last > SCAN_GAP_MS_MAX) buffer = "";
    last = now;
    if (event.key === "Enter" || event.key === "Tab") {
      const text = buffer;
      buffer = "";
      if (text.length < SCAN_LENGTH_MIN) return false;
      deliver(text);
      return true;
    }
    if (event.key.length === 1 && buffer.length < SCAN_LENGTH_MAX) buffer += event.key;
    return false;
  };

  // --- Forms in scan order: Enter goes to the next field, and sends from the last. ---
  const goOn = (field) => {
    const form = field.form;
    if (!form) return;
    const fields = [...form.elements].filter((item) => /^(INPUT|SELECT|TEXTAREA)$/.test(item.tagName) && item.type !== "hidden" && !item.disabled && visible(item));
    const next = fields.slice(fields.indexOf(field) + 1).find((item) => item.type !== "checkbox" && item.type !== "radio" && !item.value);
    if (next) { next.focus(); next.select?.(); } else if (fields.every((item) => item.validity.valid)) form.requestSubmit();
    else form.reportValidity();
  };

  // --- A scan field whose scans fill several slots: each goes to the server in turn, and the slots come back. ---
  let turn = Promise.resolve();
  const scanInto = (field) => {
    const form = field.form;
    const text = field.value.trim();
    field.value = "";
    if (!text) { afterScan(form, field.dataset.scanInto); return; }
    turn = turn.then(async () => {
      const body = new URLSearchParams(new FormData(form));
      body.set("scan", text);
      body.delete("second_password");
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Label-Only": "1" }, redirect: "error" });
      if (!answer.ok) throw new Error(`scan answered ${answer.status}`);
      const html = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = html.querySelector(field.dataset.scanInto);
      if (!part) throw new Error("scan answered another page");
      document.querySelector(field.dataset.scanInto)?.replaceWith(part);
      if ("complete" in part.dataset) afterScan(form, field.dataset.scanInto);
    }).catch(() => { field.value = text; form.requestSubmit(); }); // the page itself takes the scan and says what is wrong
  };
  // When the slots are full, on to the first thing the person must still say.
  const afterScan = (form, slots) => {
    const part = document.querySelector(slots);
    const open = [...form.elements].find((item) => {
      if (!(part.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING) || item.type === "hidden" || item.disabled) return false;
      if (item.type === "radio") return !form.querySelector(`[name="${item.name}"]:checked`);
      return /^(INPUT|SELECT)$/.test(item.tagName) && visible(item) && !item.value && !item.closest("details");
    });
    (open ?? form.querySelector("[type=submit]")).focus();
  };

  // --- Cells one after the other; on a form of controls also its numbers, and the button after the last. ---
  const walkCells = (field, by) => {
    const form = field.form?.matches("[data-run-form]") ? field.form : null;
    const cells = [...(form ?? document).querySelectorAll(form ? "[data-grade], [data-value], [type=submit]" : "[data-grade]")].filter(visible);
    const cell = cells[cells.indexOf(field) + by];
    cell?.focus();
    cell?.select?.();
  };
  const startCells = () => {
    const newest = document.querySelector("[data-newest-right]");
    if (newest) newest.scrollLeft = newest.scrollWidth;
    const form = document.querySelector("[data-run-form]");
    const cells = [...(form?.querySelectorAll("[data-grade], [data-value]") ?? [])].filter(visible);
    (cells.find((cell) => cell.matches(".is-wrong, .is-wrong *")) ?? cells.find((cell) => !cell.value))?.focus();
  };

  // --- Grades by single keys. ---
  const GRADES = { 0: "0", w: "w+", 1: "1+", 2: "2+", 3: "3+", 4: "4+", m: "mf", h: "H" };
  const grade = (field, event) => {
    const step = (by) => walkCells(field, by);
    const value = GRADES[event.key.toLowerCase()];
    if (value) { field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); step(1); }
    else if (event.key === "Backspace" || event.key === "Delete") { if (field.value) field.value = ""; else step(-1); }
    else if (event.key === "ArrowRight" || event.key === "Enter") step(1);
    else if (event.key === "ArrowLeft") step(-1);
    else return event.key.length === 1 && !event.ctrlKey && !event.metaKey;
    return true;
  };

  // --- Tables: j/k or the arrows walk the rows, Enter opens. ---
  const rowsOf = (table) => [...table.querySelectorAll("tbody tr[data-href]")];
  const walk = (event) => {
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const table = document.activeElement?.closest?.(".table-frame")?.querySelector("[data-rows]") ?? document.querySelector("main [data-rows]");
    if (!by || !table) return false;
    const rows = rowsOf(table);
    if (!rows.length) return false;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const row = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by))];
    const target = row.querySelector("a") ?? row;
    if (target === row) row.tabIndex = -1;
    target.focus();
    row.scrollIntoView({ block: "nearest" });
    return true;
  };

  document.addEventListener("keydown", (event) => {
    touch();
    const field = event.target;
    if (event.key === "F2" || (event.key === "/" && !isTyping(field) && !scanning(event))) {
      const top = scanField();
      if (top) { event.preventDefault(); top.focus(); top.select(); }
      return;
    }
    if (field instanceof HTMLInputElement && field.hasAttribute("data-grade")) {
      if (grade(field, event)) event.preventDefault();
      return;
    }
    if (field instanceof HTMLInputElement && field.hasAttribute("data-scan-into") && (event.key === "Enter" || (event.key === "Tab" && field.value))) {
      event.preventDefault();
      scanInto(field);
      return;
    }
    if (field instanceof HTMLInputElement && field.hasAttribute("data-value") && event.key === "Enter") {
      event.preventDefault();
      walkCells(field, 1);
      return;
    }
    if (isTyping(field)) {
      if (event.key === "Enter" && field.closest("[data-scan-form]") && field.tagName !== "TEXTAREA") { event.preventDefault(); goOn(field); }
      return;
    }
    const inScan = scanning(event);
    if (wedge(event)) { event.preventDefault(); return; }
    if (inScan || event.ctrlKey || event.altKey || event.metaKey) return;
    if (walk(event)) event.preventDefault();
    else if (event.key === "Enter" && field instanceof HTMLElement && field.matches("tr[data-href]")) location.assign(field.dataset.href);
  });

  document.addEventListener("click", (event) => {
    touch();
    const fill = event.target.closest("[data-fill-login]");
    if (fill) {
      document.getElementById("login").value = fill.dataset.fillLogin;
      document.getElementById("password").value = fill.dataset.fillPassword;
      document.querySelector("form [type=submit]")?.focus();
      return;
    }
    if (event.target.closest("[data-print]")) { print(); return; }
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label, select")) location.assign(row.dataset.href);
  });
  document.addEventListener("pointermove", () => touch(), { passive: true });

  // A form goes out once; the idempotency key would make the second harmless, but a dead button says so.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && event.target.method === "post" && !event.target.hasAttribute("data-stays")) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => { for (const button of document.querySelectorAll("button[type=submit][disabled]:not([data-closed])")) button.disabled = false; });

  // --- Clocks: how long since, how long until. d h m and s are unit symbols in both languages. ---
  const span = (seconds) => {
    const s = Math.abs(Math.trunc(seconds));
    const two = (n) => String(n).padStart(2, "0");
    if (s >= 172800) return `${Math.trunc(s / 86400)} d`;
    if (s >= 3600) return `${Math.trunc(s / 3600)} h ${two(Math.trunc(s / 60) % 60)} m`;
    return `${Math.trunc(s / 60)}:${two(s % 60)}`;
  };
  const tick = () => {
    const now = Date.now();
    for (const clock of document.querySelectorAll("[data-since]")) clock.textContent = `+${span((now - Date.parse(clock.dataset.since)) / 1000)}`;
    for (const clock of document.querySelectorAll("[data-due]")) {
      const left = (Date.parse(clock.dataset.due) - now) / 1000;
      clock.textContent = `${left < 0 ? "−" : ""}${span(left)}`;
      clock.classList.toggle("is-over", left < 0);
      clock.classList.toggle("is-near", left >= 0 && left < Number(clock.dataset.nearSeconds ?? 3600));
    }
    idle(now);
  };

  // --- Idle lock: a warning that counts down, then the lock form of the menu is sent. ---
  let touched = Date.now();
  function touch() { touched = Date.now(); }
  const limit = Number(document.body.dataset.idleSeconds ?? 0);
  const idle = (now) => {
    if (!limit) return;
    const left = limit - Math.trunc((now - touched) / 1000);
    const warning = document.querySelector("[data-idle-warning]");
    if (warning) {
      warning.hidden = left > IDLE_WARNING_S;
      if (!warning.hidden) warning.textContent = warning.dataset.words.replace("{seconds}", String(Math.max(0, left)));
    }
    if (left <= 0) { touched = now; document.querySelector("[data-lock]")?.form.requestSubmit(); }
  };

  // --- Live parts: <section id="…" data-live="stock alarms" data-live-from="/board"> is fetched anew when /events names one of its subjects.
  // The address answers with a page or a part of one; what stands there under the same id takes the place of the old.
  const due = new Set();
  const touchedForm = (node) => [...node.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) =>
    field.tagName === "SELECT" ? [...field.options].some((option) => option.selected !== option.defaultSelected && (option.value || option.defaultSelected))
      : field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

  // --- The alarm sound: chosen per browser, once when a new alarm comes, then the badge alone. ---
  const SOUND = "lifeline-alarm-sound";
  const soundOn = () => { try { return localStorage.getItem(SOUND) === "on"; } catch { return false; } };
  let audio;
  const beep = () => {
    audio ??= new AudioContext();
    audio.resume?.();
    for (const [at, pitch] of [[0, 880], [0.22, 660], [0.44, 880]]) {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.25, audio.currentTime + at);
      loud.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.2);
      tone.connect(loud).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.2);
    }
  };
  const count = (bell) => Number(bell?.querySelector("[data-alarms]")?.textContent ?? 0);
  const ring = (more) => {
    if (more <= 0 || !soundOn()) return;
    document.body.dataset.rung = String(Number(document.body.dataset.rung ?? 0) + 1);
    try { beep(); } catch { /* a browser without sound still shows the badge */ }
  };
  const showSound = () => {
    for (const button of document.querySelectorAll("[data-sound]")) {
      button.setAttribute("aria-pressed", String(soundOn()));
      button.querySelector("[data-sound-on]").hidden = !soundOn();
      button.querySelector("[data-sound-off]").hidden = soundOn();
    }
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-sound]")) return;
    try { localStorage.setItem(SOUND, soundOn() ? "off" : "on"); } catch { return; }
    showSound();
    // Turning it on plays it once: one hears what one will hear, and the browser lets it sound from then on.
    if (soundOn()) { try { beep(); } catch { /* no sound here */ } listen(); }
  });

  const live = (from) => [...document.querySelectorAll("[data-live][id]")].filter((node) => node.dataset.liveFrom === from);
  const renew = async (from) => {
    const secret = document.querySelector("meta[name=csrf-token]")?.content ?? "";
    const answer = await fetch(from, { headers: { "X-Unattended": "1", "X-CSRF-Token": secret, Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") { location.reload(); return; }
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const node of live(from)) {
      const part = page.getElementById(node.id);
      // A part somebody is typing in, or has filled in something, is left alone: nothing typed is lost.
      if (!part || (isTyping(document.activeElement) && node.contains(document.activeElement)) || touchedForm(node)) continue;
      const held = node.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      const fresh = document.adoptNode(part);
      // What somebody unfolded stays unfolded.
      const unfolded = [...node.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
      for (const summary of fresh.querySelectorAll("details > summary")) if (unfolded.includes(summary.textContent)) summary.parentElement.open = true;
      node.replaceWith(fresh);
      window.htmx?.process?.(fresh);
      if (held) [...fresh.querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus();
    }
    const bell = page.querySelector(".top-alarms");
    if (bell) {
      ring(count(bell) - count(document.querySelector(".top-alarms")));
      document.querySelector(".top-alarms")?.replaceWith(document.adoptNode(bell));
    }
    tick();
  };
  const refresh = (from) => {
    if (due.has(from)) return;
    due.add(from);
    setTimeout(() => { due.delete(from); renew(from).catch(() => document.body.classList.add("is-offline")); }, REFRESH_GAP_MS);
  };
  let listening = false;
  const listen = () => {
    const nodes = () => [...document.querySelectorAll("[data-live]")];
    const subjects = new Set(nodes().flatMap((node) => node.dataset.live.split(/\s+/)));
    const bell = document.querySelector(".top-alarms") && soundOn();
    if (listening || !(subjects.size || bell)) return;
    listening = true;
    const source = new EventSource("/events");
    const all = () => { for (const node of nodes()) refresh(node.dataset.liveFrom); };
    for (const subject of subjects) source.addEventListener(subject, () => { for (const node of nodes()) if (node.dataset.live.split(/\s+/).includes(subject)) refresh(node.dataset.liveFrom); });
    // Whoever wants to hear alarms hears them on every page.
    if (bell && !subjects.has("alarms")) source.addEventListener("alarms", () => refresh("/alarms"));
    // The server could not tell everything: fetch it all once.
    source.addEventListener("refresh", all);
    let lost = false;
    source.addEventListener("error", () => { lost = true; document.body.classList.add("is-offline"); });
    // What happened while the line was down is not told again.
    source.addEventListener("open", () => { document.body.classList.remove("is-offline"); if (lost) { lost = false; all(); } });
    addEventListener("pagehide", () => source.close());
  };

  // --- Antigram: columns the server excluded are struck out; their reason shows on hover and focus. ---
  const reasons = () => new Map([...document.querySelectorAll("#exclusions [data-antigen]")].map((line) => [line.dataset.antigen, line.textContent]));
  const strike = () => {
    const found = reasons();
    for (const cell of document.querySelectorAll(".identify .antigram [data-antigen]")) cell.classList.toggle("is-excluded", found.has(cell.dataset.antigen));
    for (const name of document.querySelectorAll(".antigen[data-why]")) name.title = found.get(name.dataset.why) ?? "";
  };
  const explain = (event) => {
    const name = event.target.closest?.(".antigen[data-why]");
    const place = name && document.getElementById("column-reason");
    if (place) place.textContent = reasons().get(name.dataset.why) ?? `${name.dataset.why} ${place.dataset.open}`;
  };
  const bench = document.querySelector(".identify");
  if (bench) {
    strike();
    new MutationObserver((changes) => { if (changes.some((change) => [...change.addedNodes].some((node) => node.id === "live"))) strike(); }).observe(bench, { childList: true });
    bench.addEventListener("pointerover", explain);
    bench.addEventListener("focusin", explain);
  }

  // --- htmx carries the form secret in a header. ---
  document.addEventListener("htmx:config:request", (event) => {
    const headers = event.detail?.ctx?.request?.headers ?? event.detail?.headers;
    const secret = document.querySelector("meta[name=csrf-token]")?.content;
    if (headers && secret) headers["X-CSRF-Token"] = secret;
  });

  showSound();
  startCells();
  tick();
  setInterval(tick, 1000);
  listen();
})();
