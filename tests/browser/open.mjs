// Starts the browser of this machine: BACKLINE_CHROMIUM, or whatever Chromium is on PATH.

import { spawnSync } from "node:child_process";
import { chromium } from "playwright-core";

// How long one step may take, in milliseconds.
export const STEP_TIMEOUT_MS = 30_000;
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

export function openBrowser() {
  return chromium.launch({ executablePath: browserPath(), args: FLAGS });
}

// Hands a page to `act`, prints what it answers as one line of JSON, and closes the browser whatever happens.
// `error` is null when everything went well; the exit code says the same.
export async function inBrowser(act) {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(STEP_TIMEOUT_MS);
    const result = { error: null, ...(await act(page).catch((error) => ({ error: String(error.message ?? error) }))) };
    console.log(JSON.stringify(result));
    process.exitCode = result.error === null ? 0 : 1;
  } finally {
    await browser.close();
  }
}
