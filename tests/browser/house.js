// What every spec uses: both languages and widths, signing in, looking, and accessibility.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { expect, test as base } from "@playwright/test";
import { Hospitals } from "./hospital.js";

const artefacts = join(import.meta.dirname, "artefacts");

export { expect };

/** A ward PC and a PDA. */
export const WIDTHS = { desk: { width: 1366, height: 768 }, pda: { width: 390, height: 844 } };
export const LANGUAGES = ["zh-CN", "en"];
export const THEMES = ["light", "dark"];

/** Each pair of language and width: `for (const view of VIEWS) test(`… ${view.name}`, …)`. */
export const VIEWS = LANGUAGES.flatMap((language) => Object.entries(WIDTHS).map(([width, viewport]) => ({ name: `${language} ${width}`, language, width, viewport })));

let address;

/** A path of the hospital of the running spec file as a whole address. */
export const url = (path = "/") => new URL(path, address).href;

/** `test` whose page fails the test on a script error, a refused resource, or a message key without words. */
export const test = base.extend({
  hospitals: [async ({}, use) => {
    const hospitals = new Hospitals();
    await use(hospitals);
    await hospitals.end();
  }, { scope: "worker" }],
  hospital: [async ({ hospitals }, use, testInfo) => {
    address = await hospitals.of(testInfo.file);
    await use(address);
  }, { auto: true }],
  page: async ({ page }, use) => {
    const faults = [];
    page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
    page.on("console", (message) => { if (message.type() === "error" && !/status of (4|5)\d\d/.test(message.text())) faults.push(`console: ${message.text()}`); });
    page.on("response", async (response) => {
      if ((response.headers()["content-type"] ?? "").startsWith("text/html")) {
        const body = await response.text().catch(() => "");
        if (body.includes("⟦")) faults.push(`no words: ${body.match(/⟦[^⟧]*⟧/)?.[0]} at ${response.url()}`);
      }
    });
    await use(page);
    expect(faults).toEqual([]);
  },
});

/** Sets language, size and theme before the first page is opened. */
export async function dress(page, { language = "zh-CN", viewport = WIDTHS.desk, theme = "light" } = {}) {
  await page.setViewportSize(viewport);
  await page.context().addCookies([
    { name: "lang", value: language, url: url() },
    { name: "theme", value: theme, url: url() },
  ]);
}

/**
 * Signs in with the demonstration login of a role (its code, as in the messages: technologist, senior, nurse …), read from the sign-in page,
 * so that no password stands in a test.
 */
export async function signIn(page, role) {
  await page.goto(url("/sign-in"));
  const login = page.locator(`[data-fill-login][data-role="${role}"]`).first();
  await expect(login, `the demonstration has a login for ${role}`).toBeVisible();
  await login.click();
  await page.locator("form[action='/sign-in'] [type=submit]").click();
  await expect(page.locator("header.top .menu")).toBeVisible();
}

/** Leaves a picture to look at: `artefacts/<name>-<language>-<width>.png`. */
export async function look(page, name) {
  mkdirSync(artefacts, { recursive: true });
  const language = await page.locator("html").getAttribute("lang");
  await page.screenshot({ path: join(artefacts, `${name}-${language}-${page.viewportSize().width}.png`), fullPage: true, animations: "disabled" });
}

/** Axe finds nothing, and the page is not wider than the window. */
export async function sound(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), "no sideways scrolling").toBeLessThanOrEqual(0);
}

/** What a keyboard-wedge scanner does: the symbol's characters at once, then Enter. */
export async function scan(page, text) {
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}
