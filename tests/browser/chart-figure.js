// How long a chart of very many points takes in Chromium: node chart-figure.js [points] [takes]. Starts its own demonstration hospital
// (CARGO_TARGET_DIR or LIFELINE_BIN as for the specs), prints one line of JSON a taking; nothing passes or fails by it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "@playwright/test";

const [points = "100000", takes = "5"] = process.argv.slice(2);
const target = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../../target");
const program = process.env.LIFELINE_BIN ?? join(target, "debug", "lifeline");
const data = mkdtempSync(join(tmpdir(), "lifeline-chart-"));
const child = spawn(program, ["demo", "--port", "0", "--data", data, "--points", points], { stdio: ["ignore", "pipe", "inherit"] });
const base = await new Promise((found, failed) => {
  let said = "";
  child.stdout.on("data", (bytes) => { said += bytes; const match = said.match(/http:\/\/127\.0\.0\.1:\d+(?=\s)/); if (match) found(match[0]); });
  child.once("exit", (code) => failed(new Error(`lifeline demo ended with ${code}`)));
});
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  await page.goto(`${base}/sign-in`);
  await page.locator('[data-fill-login][data-role="quality"]').first().click();
  await page.locator("form[action='/sign-in'] [type=submit]").click();
  for (const kind of ["lj", "z", "youden", "cusum"]) {
    const times = [];
    for (let take = 0; take < Number(takes); take += 1) {
      await page.goto(`${base}/qc/chart?control=teg-ma&place=bench&days=92&kind=${kind}`);
      const figure = page.locator("#qc-figure[data-drawn-ms]");
      await figure.waitFor({ timeout: 120_000 });
      times.push(await page.evaluate(() => {
        const { dataset } = document.getElementById("qc-figure");
        const sent = performance.getEntriesByType("resource").find((entry) => entry.name.includes("/qc/points"));
        const [page] = performance.getEntriesByType("navigation");
        return {
          points: Number(dataset.drawn),
          all: Number(dataset.drawnMs),
          page_server: Math.round(page.responseStart - page.requestStart),
          points_server: Math.round(sent.responseStart - sent.requestStart),
          points_sent: Math.round(sent.responseEnd - sent.responseStart),
          kilobytes: Math.round(sent.decodedBodySize / 1024),
          drawing: Math.round(Number(dataset.drawnMs) - sent.responseEnd),
        };
      }));
    }
    times.sort((a, b) => a.all - b.all);
    console.log(JSON.stringify({ kind, load: loadavg()[0], least: times[0], middle: times[Math.floor(times.length / 2)] }));
  }
} finally {
  await browser.close();
  child.kill("SIGTERM");
  await new Promise((done) => child.once("exit", done));
  rmSync(data, { recursive: true, force: true });
}
