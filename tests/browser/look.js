// Pictures of every page, to be looked at: `LIFELINE_URL=http://127.0.0.1:8080 node look.js FOLDER [LOGIN …]`.
// It walks the rail of each person and one page of every kind that is linked there, in both languages and widths, and says what is
// too wide, has no words, or answers with a fault.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const WIDTHS = { desk: { width: 1366, height: 768 }, pda: { width: 390, height: 844 } };
/** Pages of one person, detail pages included. */
const PAGES_MOST = 80;
/** Addresses left out, by their beginning: `LEAVE=/qc,/eqa`. `ONLY="en pda"` takes one language and width. */
const LEFT_OUT = (process.env.LEAVE ?? "").split(",").filter(Boolean);

const [folder = "pictures", ...logins] = process.argv.slice(2);
const base = process.env.LIFELINE_URL;
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** What kind of page an address is: its words without the numbers in it. */
const kind = (href) => {
  const url = new URL(href, base);
  const path = url.pathname.split("/").map((part) => (/\d|%/.test(part) || part.includes(".") ? "#" : part)).join("/");
  const asked = [...url.searchParams.keys()].filter((key) => ["do", "entry", "kind"].includes(key)).map((key) => `${key}=${url.searchParams.get(key)}`);
  return path + (asked.length ? `?${asked.join("&")}` : "");
};
const left = (href) => LEFT_OUT.some((prefix) => new URL(href, base).pathname.startsWith(prefix)) || /preferences|sign-out|\/assets|export/.test(href);

async function addresses(login) {
  const context = await browser.newContext({ viewport: WIDTHS.desk });
  const page = await context.newPage();
  await enter(page, login, "en");
  const seen = new Map();
  const queue = ["/board"];
  while (queue.length && seen.size < PAGES_MOST) {
    const href = queue.shift();
    if (seen.has(kind(href)) || left(href)) continue;
    seen.set(kind(href), href);
    await page.goto(new URL(href, base).href);
    const links = await page.locator("a[href^='/']").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    queue.push(...links.filter((link) => !seen.has(kind(link))));
  }
  await context.close();
  return [...seen.values()];
}

/** A machine that builds meanwhile is slow. */
const PATIENCE_MS = 120_000;

async function enter(page, login, language) {
  page.setDefaultTimeout(PATIENCE_MS);
  await page.context().addCookies([{ name: "lang", value: language, url: base }, { name: "theme", value: "light", url: base }]);
  await page.goto(new URL("/sign-in", base).href);
  await page.locator(`[data-fill-login="${login}"]`).click();
  await page.locator("form[action='/sign-in'] [type=submit]").click();
  await page.locator("header.top .menu").waitFor();
}

for (const login of logins.length ? logins : ["chen"]) {
  const pages = await addresses(login);
  console.log(`${login}: ${pages.length} pages`);
  for (const language of ["zh-CN", "en"]) {
    for (const [width, viewport] of Object.entries(WIDTHS)) {
      if (process.env.ONLY && !`${language} ${width}`.includes(process.env.ONLY)) continue;
      const context = await browser.newContext({ viewport });
      const page = await context.newPage();
      await enter(page, login, language);
      for (const [at, href] of pages.entries()) {
        const answer = await page.goto(new URL(href, base).href);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        const html = await page.content();
        const faults = [answer.status() >= 400 && `status ${answer.status()}`, wide > 0 && `${wide} px too wide`, html.includes("⟦") && `no words: ${html.match(/⟦[^⟧]*⟧/)[0]}`].filter(Boolean);
        if (faults.length) console.log(`${language} ${width} ${href}: ${faults.join(", ")}`);
        const name = `${login}-${String(at).padStart(2, "0")}-${kind(href).replace(/[^a-z0-9=]+/gi, "_")}`;
        await page.screenshot({ path: join(folder, `${name}-${language}-${width}.png`), fullPage: true, animations: "disabled" });
      }
      await context.close();
    }
  }
}
await browser.close();
