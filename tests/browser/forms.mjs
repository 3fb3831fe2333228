// Fills in forms of the front page and prints what the page said, as one line of JSON.
//
//   node tests/browser/forms.mjs STEPS
//
// STEPS is a JSON list, each step an object:
//   {"open": URL, "follow": LINK, "fill": {LABEL: VALUE, …}, "press": BUTTON, "until": HEADING, "appears": TEXT, "faults": COUNT, "refusals": COUNT}
// Every part may be left out. Fields are found by their labels, links and buttons by their names, as a screen reader finds them;
// a step ends when a heading of level 2 reads HEADING, TEXT is there, so many faults stand beside fields and so many refusals below a form.
// `complaints` is what the browser said in its console: a page that breaks its own policy shows here.

import { inBrowser } from "./open.mjs";

const steps = JSON.parse(process.argv[2] ?? "[]");

await inBrowser(async (page) => {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // An answer that refuses is no fault of the page, but Chromium logs it.
    const refusal = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !refusal) complaints.push(message.text());
  });
  const said = [];
  const step = async ({ open, follow, fill = {}, press, until, appears, faults = 0, refusals = 0 }) => {
    if (open) await page.goto(open);
    if (follow) await page.getByRole("link", { name: follow, exact: true }).click();
    for (const [label, value] of Object.entries(fill)) {
      const field = page.getByLabel(label, { exact: true });
      if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption({ label: value });
      else await field.fill(value);
    }
    if (press) await page.getByRole("button", { name: press, exact: true }).click();
    if (until) await page.getByRole("heading", { level: 2, name: until, exact: true }).waitFor();
    if (appears) await page.getByText(appears).first().waitFor();
    await page.waitForFunction(
      (counts) => [".fault", "[role=alert]"].every((kind, at) => document.querySelectorAll(kind).length === counts[at]),
      [faults, refusals],
    );
    said.push({
      title: await page.title(),
      text: await page.locator("main").innerText(),
      place: new URL(page.url()).hash,
      focus: await page.evaluate(() => document.activeElement.name ?? document.activeElement.tagName),
    });
  };
  for (const [index, each] of steps.entries()) {
    await step(each).catch(async (error) => {
      const seen = await page.locator("main").innerText();
      throw new Error(`step ${index}: ${error.message}\nat ${page.url()} the page says: ${seen}\n${complaints.join("\n")}`);
    });
  }
  const colours = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  }
  return { said, complaints, colours };
});
