// Plays one recording in a real browser and prints what the `<audio>` element said, as one line of JSON.
//
//   node tests/browser/play.mjs PAGE_URL AUDIO_URL
//
// PAGE_URL is any page of the server under test, so that the element runs under its origin and its security headers.
// It plays for a moment, pauses, seeks to 80 %, and plays on: a server without working ranges fails one of the three.
// Times are in seconds. `error` is null when everything happened; the exit code says the same.

import { spawnSync } from "node:child_process";
import { chromium } from "playwright-core";

const STEP_TIMEOUT_MS = 30_000;
const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

function browserPath() {
  if (process.env.BACKLINE_CHROMIUM) return process.env.BACKLINE_CHROMIUM;
  for (const name of BROWSERS) {
    const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (found.status === 0) return found.stdout.trim();
  }
  throw new Error(`no browser: none of ${BROWSERS.join(", ")} is on PATH, and BACKLINE_CHROMIUM is not set`);
}

// Runs inside the page, so it may use nothing from this file.
async function playThere({ url, timeoutMs }) {
  const audio = document.createElement("audio");
  audio.preload = "auto";
  audio.muted = true;
  document.body.append(audio);

  const result = { duration: null, playedTo: null, currentTime: null, playedOnTo: null, error: null };
  const reached = (step, event, condition = () => true) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${step}: nothing after ${timeoutMs} ms`)), timeoutMs);
      const done = (settle, value) => {
        clearTimeout(timer);
        settle(value);
      };
      audio.addEventListener(event, () => condition() && done(resolve));
      audio.addEventListener("error", () =>
        done(reject, new Error(`${step}: media error ${audio.error?.code}: ${audio.error?.message}`)),
      );
    });
  try {
    const loaded = reached("load", "loadedmetadata");
    audio.src = url;
    await loaded;
    result.duration = audio.duration;

    const playing = reached("play", "timeupdate", () => audio.currentTime > 0.2);
    await audio.play();
    await playing;
    audio.pause();
    result.playedTo = audio.currentTime;

    const sought = reached("seek", "seeked");
    audio.currentTime = audio.duration * 0.8;
    await sought;
    result.currentTime = audio.currentTime;

    const goingOn = reached("play on", "timeupdate", () => audio.currentTime > result.currentTime + 0.2);
    await audio.play();
    await goingOn;
    result.playedOnTo = audio.currentTime;
  } catch (error) {
    result.error = String(error.message ?? error);
  }
  return result;
}

const [pageUrl, audioUrl] = process.argv.slice(2);
if (!pageUrl || !audioUrl) {
  console.error("usage: node tests/browser/play.mjs PAGE_URL AUDIO_URL");
  process.exit(2);
}

const browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS });
try {
  const page = await browser.newPage();
  await page.goto(pageUrl, { timeout: STEP_TIMEOUT_MS, waitUntil: "domcontentloaded" });
  const result = await page.evaluate(playThere, { url: audioUrl, timeoutMs: STEP_TIMEOUT_MS });
  console.log(JSON.stringify(result));
  process.exitCode = result.error === null ? 0 : 1;
} finally {
  await browser.close();
}
