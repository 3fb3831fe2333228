"use strict";
// The forms behind the links that the server prints and mails, and a player. What is typed goes to this server alone; a login
// is kept in this page and forgotten with it.

const API = "/api/v1/";
const main = document.querySelector("main");
let login = null;
// Where a login leads.
let wanted = "";

class Refusal extends Error {
  constructor(problem) {
    super(problem?.detail || problem?.title || "The server gave no reason.");
    this.code = problem?.code;
    this.faults = problem?.errors ?? [];
  }
}

// One request. An access token that has lapsed is replaced once.
async function call(method, path, body, renew = true) {
  const headers = {};
  if (body) headers["content-type"] = "application/json";
  if (login) headers.authorization = `Bearer ${login.access_token}`;
  const answer = await fetch(API + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : null;
  if (answer.ok) return json;
  if (json.code === "token_expired" && login && renew) {
    const { refresh_token } = login;
    login = null;
    login = await call("POST", "auth/refresh", { refresh_token });
    return call(method, path, body, false);
  }
  throw new Refusal(json);
}

// Shows a view; its heading tells screen readers where they are.
function show(name) {
  main.replaceChildren(document.getElementById(`view-${name}`).content.cloneNode(true));
  const heading = main.querySelector("h2");
  heading.tabIndex = -1;
  titled(heading.textContent);
  return main;
}

function titled(text) {
  document.title = text ? `${text} · Backline` : "Backline";
  main.querySelector("h2").focus();
}

function done(title, text) {
  const view = show("done");
  view.querySelector("h2").textContent = title;
  view.querySelector("[role=status]").textContent = text;
  titled(title);
}

// The address bar keeps no secret once it was used.
function go(place) {
  history.replaceState(null, "", `#/${place}`);
  return route();
}

function onSubmit(view, act) {
  const form = view.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    for (const old of form.querySelectorAll(".fault, [role=alert]")) old.remove();
    for (const field of form.elements) field.removeAttribute("aria-invalid");
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const filled = [...new FormData(form)].filter(([, value]) => value !== "");
      await act(Object.fromEntries(filled));
    } catch (error) {
      complain(form, error);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

// Each fault beside its field; what belongs to no field at the end of the form.
function complain(form, error) {
  const others = [];
  for (const { pointer, detail } of error.faults ?? []) {
    const field = form.elements.namedItem(pointer.slice(1));
    if (!field) {
      others.push(detail);
      continue;
    }
    const fault = note("fault", detail);
    fault.id = `fault-${field.name}`;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", fault.id);
    field.closest(".field, label").after(fault);
  }
  if (others.length > 0 || !error.faults?.length) {
    const alert = note("", others.join(" ") || error.message);
    alert.setAttribute("role", "alert");
    form.append(alert);
  }
  form.querySelector("[aria-invalid=true]")?.focus();
}

function note(kind, text) {
  const line = document.createElement("p");
  line.className = kind;
  line.textContent = text;
  return line;
}

async function home() {
  wanted = "";
  if (login?.user) return projects();
  const { needs_setup } = await call("GET", "setup");
  if (needs_setup) return void show("waiting");
  return logIn();
}

// `#/log-in/{address}/{password}` fills the form in; the demo prints such a link.
async function logIn(email = "", password = "") {
  const { registration } = await call("GET", "info");
  const view = show("log-in");
  view.querySelector("[data-when=open]").hidden = registration !== "open";
  const form = onSubmit(view, async (fields) => {
    login = await call("POST", "auth/login", fields);
    await go(wanted);
  });
  form.elements.email.value = email;
  form.elements.password.value = password;
}

function setup(token) {
  const form = onSubmit(show("setup"), async (fields) => {
    login = await call("POST", "setup", { token, ...fields });
    await go("");
  });
  form.elements.site_url.value = location.origin;
}

function register(invite_token) {
  onSubmit(show("register"), async (fields) => {
    const { session, verification_required } = await call("POST", "auth/register", { invite_token, ...fields });
    if (verification_required) return done("Look into your mail", "A mail says how to go on.");
    login = session;
    await go(wanted);
  });
}

function forgotPassword() {
  onSubmit(show("forgot-password"), async (fields) => {
    await call("POST", "auth/password/forgot", fields);
    done("Look into your mail", "If there is an account with this address, a link is on its way. Where the server sends no mail, ask an administrator for one.");
  });
}

function resetPassword(token) {
  onSubmit(show("reset-password"), async ({ new_password, repeated }) => {
    if (new_password !== repeated) {
      throw new Refusal({ errors: [{ pointer: "/repeated", detail: "is not the same" }] });
    }
    await call("POST", "auth/password/reset", { token, new_password });
    login = null;
    done("Your new password is set", "Log in with it.");
  });
}

function verifyEmail(token) {
  onSubmit(show("verify-email"), async () => {
    await call("POST", "auth/email/verify", { token });
    done("Your address is confirmed", "You can log in with it.");
  });
}

async function invitation(token) {
  const path = `invitations/${encodeURIComponent(token)}`;
  const { state, inviter, project_name, role } = await call("GET", path);
  if (state !== "pending") return done("This invitation is over", `It was ${state}.`);
  const view = show("invitation");
  view.querySelector("[data-field=what]").textContent = `${inviter} invites you to “${project_name}” as ${role}.`;
  wanted = `invitation/${token}`;
  const form = onSubmit(view, async () => {
    await call("POST", `${path}/accept`);
    await go("");
  });
  form.hidden = !login?.user;
  view.querySelector("[data-when=stranger]").hidden = login?.user;
  view.querySelector("[data-do=register]").href = `#/register/${token}`;
  view.querySelector("[data-do=decline]").addEventListener("click", () =>
    guarded(async () => {
      await call("POST", `${path}/decline`);
      done("You declined", "Nobody minds.");
    }),
  );
}

// A share link: who comes by it is a guest for a day, as long as this page is open.
async function share(token) {
  const path = `share/${encodeURIComponent(token)}`;
  const { title, needs_password, needs_name, branding } = await call("GET", path);
  const view = show("share");
  view.querySelector("h2").textContent = title ?? branding.project_name ?? "Something to listen to";
  view.querySelector("[data-field=what]").textContent = title && branding.project_name ? `From “${branding.project_name}”.` : "";
  titled(view.querySelector("h2").textContent);
  const form = onSubmit(view, async (fields) => {
    const { token: access_token } = await call("POST", `${path}/session`, fields);
    login = { access_token };
    await shared(await call("GET", `${path}/content`));
  });
  form.elements.name.required = needs_name;
  if (!needs_password) form.querySelector("[data-when=locked]").remove();
}

// What a link shows, each with a player: tracks with what plays, one version, or what a checkpoint holds.
async function shared({ title, project, guest, tracks, version, track_name, checkpoint }) {
  const view = show("shared");
  titled((view.querySelector("h2").textContent = title ?? project.name));
  view.querySelector("[data-field=who]").textContent = guest.name ? `You are ${guest.name}.` : "";
  const one = version ? [{ name: track_name, current_version_id: version.id }] : [];
  const held = (checkpoint?.items ?? []).map(({ track_name, version_id }) => ({ name: track_name, current_version_id: version_id }));
  await players(view.querySelector("ol"), [...tracks, ...one, ...held]);
}

async function projects() {
  const { items } = await call("GET", "projects");
  const view = show("projects");
  view.querySelector("[data-field=who]").textContent = `You are ${login.user.name}.`;
  view.querySelector("[data-do=log-out]").addEventListener("click", async () => {
    await call("POST", "auth/logout").catch(() => {});
    login = null;
    await go("");
  });
  if (items.length === 0) view.append(note("", "There are none yet."));
  for (const [index, project] of items.entries()) {
    const item = document.getElementById("item-project").content.cloneNode(true).firstElementChild;
    item.querySelector("summary").textContent = project.name;
    item.addEventListener("toggle", () => guarded(() => tracks(item, project)), { once: true });
    view.append(item);
    item.open = index === 0;
  }
}

async function tracks(item, project) {
  const { items } = await call("GET", `projects/${project.id}/tracks`);
  await players(item.querySelector("ol"), items);
}

async function players(list, items) {
  if (items.length === 0) list.append(note("", "There are no tracks yet."));
  await Promise.all(items.map((track) => {
    const row = document.getElementById("item-track").content.cloneNode(true).firstElementChild;
    row.querySelector("h3").textContent = track.name;
    list.append(row);
    return player(row, track);
  }));
}

// A track's current version: what it is, its waveform, and an element that plays it.
async function player(row, track) {
  const [take, canvas, audio] = ["[data-field=take]", "canvas", "audio"].map((part) => row.querySelector(part));
  const silent = (why) => {
    take.textContent = why;
    canvas.hidden = audio.hidden = true;
  };
  if (!track.current_version_id) return silent("Nothing plays yet.");
  const path = `versions/${track.current_version_id}`;
  try {
    const [version, wave] = await Promise.all([call("GET", path), call("GET", `${path}/waveform?width=${canvas.width}`)]);
    take.textContent = [`Version ${version.number}`, version.label].filter(Boolean).join(": ");
    canvas.setAttribute("aria-label", `Waveform of ${track.name}`);
    audio.setAttribute("aria-label", `Play ${track.name}`);
    const sign = async () => (audio.src = (await call("POST", `${path}/stream-url`, {})).url);
    await sign();
    // A link lives for an hour.
    audio.addEventListener("error", () => guarded(sign), { once: true });
    const seconds = version.media.duration_ms / 1000;
    const redraw = () => draw(canvas, wave, audio.currentTime / seconds);
    audio.addEventListener("timeupdate", redraw);
    canvas.addEventListener("click", ({ offsetX }) => (audio.currentTime = (offsetX / canvas.clientWidth) * seconds));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    redraw();
  } catch (error) {
    silent(error.code === "processing" ? "It is still being processed." : error.message);
  }
}

// Minima and maxima as bars; what was played in another colour.
function draw(canvas, { data, length, bits }, played) {
  const pen = canvas.getContext("2d");
  const { color, accentColor } = getComputedStyle(canvas);
  const { width, height } = canvas;
  const y = (value) => (1 - value / 2 ** (bits - 1)) * (height / 2);
  pen.clearRect(0, 0, width, height);
  for (let x = 0; x < width; x++) {
    const first = Math.floor((x * length) / width);
    const last = Math.max(first + 1, Math.floor(((x + 1) * length) / width));
    let [low, high] = [0, 0];
    for (let pixel = first; pixel < last; pixel++) {
      low = Math.min(low, data[2 * pixel]);
      high = Math.max(high, data[2 * pixel + 1]);
    }
    pen.fillStyle = x < played * width ? accentColor : color;
    pen.fillRect(x, y(high), 1, Math.max(1, y(low) - y(high)));
  }
}

async function guarded(act) {
  try {
    await act();
  } catch (error) {
    const alert = note("", error.message);
    alert.setAttribute("role", "alert");
    main.append(alert);
  }
}

const VIEWS = {
  "": home,
  "log-in": logIn,
  setup,
  register,
  "forgot-password": forgotPassword,
  "reset-password": resetPassword,
  "verify-email": verifyEmail,
  invitation,
  share,
};

// `#/view/word/word`
function route() {
  const [name, ...words] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return guarded(() => (VIEWS[name] ?? home)(...words));
}

addEventListener("hashchange", route);
route();
