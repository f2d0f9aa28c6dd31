"use strict";
// Keeps the page live: follows the event stream, fetches the page again when something happened and
// takes over only what differs. Data becomes markup on the server alone, where it is escaped.
(() => {
  const root = document.documentElement;
  const body = document.body;
  const byId = (id) => document.getElementById(id);
  const NAME = "millwright.name";
  const SILENT = 15_000; // ms without a heartbeat after which the connection counts as lost
  const GRACE = 1_500; // ms before a lost connection is said: a hiccup is not worth a banner
  const EVERY = 15_000; // ms between looks at what no event tells, such as the age of data
  const BEHIND = 500; // journal entries not scored yet, from which on that is said
  const RESTS = 60_000; // ms after which a hidden tab frees its stream; browsers allow six per site

  root.classList.add("js");

  // --- time: by the server's clock, since a browser's own may be wrong

  let skew = 0;

  function setClock(main) {
    skew = Number(main.dataset.now) - Date.now();
  }

  function ago(ms) {
    const seconds = Math.floor(ms / 1000);
    if (seconds < 5) return "just now";
    if (seconds < 90) return `${seconds} s ago`;
    if (seconds < 90 * 60) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} days ago`;
  }

  function tellAges() {
    for (const place of document.querySelectorAll("[data-since]")) {
      const words = ago(Date.now() + skew - Date.parse(place.dataset.since));
      if (place.textContent !== words) place.textContent = words;
    }
  }

  // --- taking over a newer page: elements with the same id stay the same element, so that focus,
  // open folds and typed text are kept

  function morph(old, next) {
    if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) {
      old.replaceWith(document.importNode(next, true));
    } else if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    } else if (!old.hasAttribute("data-ours")) {
      morphAttributes(old, next);
      morphChildren(old, next);
    }
  }

  function morphAttributes(old, next) {
    const kept = old.nodeName === "DETAILS" ? ["open"] : ["data-seen", "data-key", "aria-busy"];
    for (const { name } of [...old.attributes]) {
      if (!next.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  function morphChildren(old, next) {
    let at = old.firstChild;
    for (const wanted of [...next.childNodes]) {
      const known = wanted.id ? [...old.children].find((one) => one.id === wanted.id) : null;
      if (known) {
        if (known === at) at = at.nextSibling;
        else old.insertBefore(known, at);
        morph(known, wanted);
      } else if (at && !at.id && !wanted.id && at.nodeName === wanted.nodeName) {
        const current = at;
        at = at.nextSibling;
        morph(current, wanted);
      } else {
        old.insertBefore(document.importNode(wanted, true), at);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function takeOver(page) {
    const main = byId("main");
    const newer = page.getElementById("main");
    if (!newer) return;
    const focused = document.activeElement;
    const place = focused && focused.closest("[id^='case-']");
    setClock(newer);
    morph(main, newer);
    document.title = page.title;
    if (focused && focused !== body && document.activeElement !== focused) {
      const next = focused.isConnected ? focused : place && place.isConnected ? place : main;
      next.focus({ preventScroll: true });
    }
    tellAges();
    fillNames();
  }

  // --- fetching the page again, one request at a time

  let busy = false;
  let again = false;
  let timer = 0;
  let fetched = Date.now();

  function soon() {
    if (!timer) timer = setTimeout(refresh, 60);
  }

  async function refresh() {
    timer = 0;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const reply = await fetch(location.href, { headers: { accept: "text/html" } });
      if (reply.redirected && new URL(reply.url).pathname === "/login") location.assign(reply.url);
      else if (reply.ok) takeOver(new DOMParser().parseFromString(await reply.text(), "text/html"));
      fetched = Date.now();
    } catch {
      again = false; // the stream says that the connection is lost, and comes back by itself
    } finally {
      busy = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  // --- the event stream

  let source = null;
  let last = Number(body.dataset.last);
  let heard = Date.now();
  let lost = null;
  let retry = 0;
  let rest = 0;
  body.dataset.events = "0";

  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    heard = Date.now();
    source = new EventSource(`${body.dataset.stream}?after=${last}`);
    source.addEventListener("open", () => {
      alive();
      soon();
    });
    source.addEventListener("error", () => {
      gone();
      if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
      soon(); // refused: perhaps the session is over, and the page leads to the login
      retry = setTimeout(connect, 3_000);
    });
    for (const name of ["message", "alert"]) source.addEventListener(name, take);
    source.addEventListener("heartbeat", beat);
    source.addEventListener("reset", (event) => {
      last = Number(event.data); // the service begins its numbers anew
      soon();
    });
  }

  function take(event) {
    alive();
    const id = Number(event.lastEventId);
    if (!(id > last)) return; // seen before
    last = id;
    body.dataset.last = String(id);
    body.dataset.events = String(Number(body.dataset.events) + 1);
    tell(JSON.parse(event.data));
    soon();
  }

  const TOLD = {
    opened: "New case",
    "severity raised": "More urgent",
    "came back": "Came back",
    returned: "Back to normal",
    acknowledged: "Acknowledged",
    ended: "Ended",
  };

  function tell(step) {
    if (step.change in TOLD) say(`${TOLD[step.change]}: ${step.alert.title}`);
  }

  function say(words) {
    const line = document.createElement("p");
    line.textContent = words;
    const news = byId("news");
    news.append(line);
    while (news.children.length > 5) news.firstChild.remove();
  }

  let standing = ["live", "Live"];

  function beat(event) {
    const told = JSON.parse(event.data);
    skew = Date.parse(told.now) - Date.now();
    standing = ["live", "Live"];
    if (told.connected === false) standing = ["waiting", "No data: broker not reached"];
    else if (told.behind > BEHIND) standing = ["waiting", "Catching up"];
    alive();
    for (const [asset, seconds] of Object.entries(told.age_seconds || {})) {
      const row = byId(`machine-${asset}`);
      const age = row && row.querySelector("[data-since]");
      if (age) age.dataset.since = new Date(Date.now() + skew - seconds * 1000).toISOString();
    }
    tellAges();
  }

  function link(name, words) {
    if (byId("link").className !== name) byId("link").className = name;
    if (byId("link-words").textContent !== words) byId("link-words").textContent = words;
  }

  function alive() {
    heard = Date.now();
    link(...standing);
    if (lost === null) return;
    lost = null;
    byId("lost").hidden = true;
    body.classList.remove("stale");
    say("The connection is back.");
  }

  function gone() {
    if (lost === null) lost = Date.now();
  }

  function watch() {
    tellAges();
    const now = Date.now();
    if (document.hidden) {
      if (source === null && now - fetched > EVERY) soon();
      return;
    }
    if (now - heard > SILENT) {
      gone();
      connect();
    }
    if (lost !== null && now - lost > GRACE) showLost();
    if (lost === null && now - fetched > EVERY) soon();
  }

  function showLost() {
    const since = new Date(lost).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const words = `Connection lost at ${since}. What you see may be out of date. Trying again …`;
    const banner = byId("lost");
    if (banner.textContent !== words) banner.textContent = words;
    banner.hidden = false;
    body.classList.add("stale");
    link("lost", "Not live");
  }

  function turn() {
    clearTimeout(rest);
    if (document.hidden) {
      rest = setTimeout(() => {
        if (source) source.close();
        source = null;
      }, RESTS);
    } else if (source === null || source.readyState === EventSource.CLOSED) {
      connect();
    }
  }

  // --- acting: forms are sent as JSON, which a page of another site cannot do

  function remembered() {
    try {
      return localStorage.getItem(NAME) || "";
    } catch {
      return "";
    }
  }

  function fillNames() {
    const name = remembered();
    for (const field of document.querySelectorAll("input[name=by]")) {
      if (!field.value && field !== document.activeElement) field.value = name;
    }
  }

  function remember(name) {
    try {
      localStorage.setItem(NAME, name);
    } catch {
      // a private window: the name is asked for each time
    }
  }

  // The version a person decides on is the one shown when they began to fill in the form.
  function begin(event) {
    const form = event.target.closest("form[data-send]");
    if (form && !form.dataset.seen) form.dataset.seen = byId(form.dataset.case).dataset.version;
  }

  async function send(event) {
    const form = event.target.closest("form[data-send]");
    if (!form) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    const said = Object.fromEntries(new FormData(form));
    const heading = byId(form.dataset.case);
    if (!("asset" in said)) said.version = Number(form.dataset.seen || heading.dataset.version);
    form.dataset.key ||= key(); // sent again after a cut, it is done once and answered as it was
    said.id = form.dataset.key;
    remember(said.by.trim());
    form.setAttribute("aria-busy", "true");
    form.classList.remove("wrong");
    answer(form, "Sending …");
    try {
      const reply = await post(form.dataset.send, said);
      form.classList.toggle("wrong", !reply.ok);
      answer(form, reply.words);
      if (reply.ok) {
        say(reply.words);
        form.querySelector("textarea").value = "";
        if (!("asset" in said)) shut(form.closest("details"));
      }
      delete form.dataset.seen;
      delete form.dataset.key;
    } catch {
      form.classList.add("wrong");
      answer(form, "The service cannot be reached. Send it again when it is back; it is done only once.");
    } finally {
      form.removeAttribute("aria-busy");
      soon();
    }
  }

  function shut(fold) {
    if (!fold) return;
    const held = fold.contains(document.activeElement);
    fold.open = false;
    if (held) fold.querySelector("summary").focus();
  }

  async function post(path, said) {
    const headers = { "content-type": "application/json", accept: "application/json" };
    let reply;
    for (let tries = 0; tries < 3; tries += 1) {
      reply = await fetch(path, { method: "POST", headers, body: JSON.stringify(said) });
      if (reply.status !== 202) break; // 202: taken down and not decided yet
    }
    if (reply.status === 202) return { ok: true, words: "Taken down. It shows here once it is done." };
    const told = await reply.json().catch(() => ({}));
    const words = told.words || told.error || (reply.ok ? "Done." : `Refused (${reply.status}).`);
    return { ok: reply.ok, words: words[0].toUpperCase() + words.slice(1) };
  }

  function key() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function answer(form, words) {
    form.querySelector("output").textContent = words;
  }

  // --- start

  function plotState(event) {
    const figure = event.target.closest && event.target.closest("#plot, .fan");
    if (!figure) return;
    const failed = event.type === "error";
    figure.querySelector("img").hidden = failed;
    figure.querySelector("figcaption").hidden = !failed;
  }

  setClock(byId("main"));
  fillNames();
  tellAges();
  connect();
  setInterval(watch, 1_000);
  document.addEventListener("visibilitychange", turn);
  document.addEventListener("submit", send);
  document.addEventListener("focusin", begin);
  document.addEventListener("error", plotState, true);
  document.addEventListener("load", plotState, true);
  addEventListener("pageshow", (event) => event.persisted && connect());
})();
