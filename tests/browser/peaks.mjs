// Decodes recordings in a real browser and prints what it heard of each, as one line of JSON: how many frames, and the
// largest sample of every pixel.
//
//   node tests/browser/peaks.mjs SAMPLE_RATE SAMPLES_PER_PIXEL AUDIO_URL...

import { openBrowser } from "./open.mjs";

// Runs inside the page, so it may use nothing from this file.
async function hear({ base64, rate, perPixel }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes.buffer);
  const channels = Array.from({ length: sound.numberOfChannels }, (_, at) => sound.getChannelData(at));
  const peaks = [];
  for (let start = 0; start < sound.length; start += perPixel) {
    let peak = -1;
    for (let at = start; at < Math.min(start + perPixel, sound.length); at += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[at];
      peak = Math.max(peak, sum / channels.length);
    }
    peaks.push(peak);
  }
  return { frames: sound.length, peaks };
}

const [rate, perPixel, ...urls] = process.argv.slice(2);
if (urls.length === 0) {
  console.error("usage: node tests/browser/peaks.mjs SAMPLE_RATE SAMPLES_PER_PIXEL AUDIO_URL...");
  process.exit(2);
}

const browser = await openBrowser();
try {
  const page = await browser.newPage();
  for (const url of urls) {
    const response = await fetch(url);
    const base64 = Buffer.from(await response.arrayBuffer()).toString("base64");
    console.log(JSON.stringify(await page.evaluate(hear, { base64, rate: Number(rate), perPixel: Number(perPixel) })));
  }
} finally {
  await browser.close();
}
