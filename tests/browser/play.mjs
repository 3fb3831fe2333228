// Plays recordings in a real browser and prints what the `<audio>` element said of each, as one line of JSON.
//
//   node tests/browser/play.mjs PAGE_URL AUDIO_URL...
//
// PAGE_URL is any page of the server under test, so that the element runs under its origin and its security headers.
// It plays for a moment, pauses, seeks to 80 %, and plays on: a server without working ranges fails one of the three.
// Times are in seconds. `error` is null when everything happened; the exit code says the same.

import { openBrowser, STEP_TIMEOUT_MS } from "./open.mjs";

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

const [pageUrl, ...audioUrls] = process.argv.slice(2);
if (!pageUrl || audioUrls.length === 0) {
  console.error("usage: node tests/browser/play.mjs PAGE_URL AUDIO_URL...");
  process.exit(2);
}

const browser = await openBrowser();
try {
  for (const url of audioUrls) {
    const page = await browser.newPage();
    await page.goto(pageUrl, { timeout: STEP_TIMEOUT_MS, waitUntil: "domcontentloaded" });
    const result = await page.evaluate(playThere, { url, timeoutMs: STEP_TIMEOUT_MS });
    console.log(JSON.stringify(result));
    if (result.error !== null) process.exitCode = 1;
    await page.close();
  }
} finally {
  await browser.close();
}
