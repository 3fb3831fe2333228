// Logs in on the front page with a link that fills the form in, looks at the waveforms, plays the first track, and seeks by
// clicking into its waveform at 80 %. Prints what happened as one line of JSON; times are in seconds.
//
//   node tests/browser/player.mjs LINK TRACKS

import { inBrowser } from "./open.mjs";

const [link, tracks] = [process.argv[2], Number(process.argv[3])];

// How many pixels of a canvas are not empty.
function inked(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count += 1;
  return count;
}

await inBrowser(async (page) => {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(link);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.waitForFunction((count) => document.querySelectorAll("audio[src]").length === count, tracks);
  const names = await page.getByRole("heading", { level: 3 }).allInnerTexts();
  const canvases = await page.locator("canvas").all();
  const ink = await Promise.all(canvases.map((canvas) => canvas.evaluate(inked)));
  const audio = page.locator("audio").first();
  await audio.evaluate(async (element) => {
    element.muted = true;
    await element.play();
  });
  await page.waitForFunction(() => document.querySelector("audio").currentTime > 0.3);
  const playedTo = await audio.evaluate((element) => (element.pause(), element.currentTime));
  const { width, height } = await canvases[0].boundingBox();
  await canvases[0].click({ position: { x: width * 0.8, y: height / 2 } });
  await page.waitForFunction(() => document.querySelector("audio").currentTime > 1);
  const [at, duration] = await audio.evaluate((element) => [element.currentTime, element.duration]);
  return { names, ink, playedTo, at, duration, complaints };
});
