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
    // A spec tagged @fresh uses up what it works with: it has a hospital for itself.
    address = await hospitals.of(testInfo.tags.includes("@fresh") ? testInfo.testId : testInfo.file);
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

/** The demonstration login of a role, for a second signature; read from the sign-in page of another session. */
export async function loginOf(page, role) {
  const context = await page.context().browser().newContext();
  try {
    const entrance = await context.newPage();
    await entrance.goto(url("/sign-in"));
    const login = entrance.locator(`[data-fill-login][data-role="${role}"]`).first();
    return { name: await login.getAttribute("data-fill-login"), password: await login.getAttribute("data-fill-password") };
  } finally {
    await context.close();
  }
}

/** Puts the second person's name and password into the form in sight. */
export async function signSecond(page, role) {
  const { name, password } = await loginOf(page, role);
  await page.locator("[name=second_name]").fill(name);
  await page.locator("[name=second_password]").fill(password);
}

/** A new lot passes its acceptance test, signed by the senior: without it no patient is tested with the lot. */
export async function acceptLot(page, lot) {
  await page.goto(url(`/lots/act?do=accept&lot=${lot}`));
  await page.locator("#rows").fill("P,3,3\nN,0,0");
  await signSecond(page, "senior");
  await page.locator("main form[method=post] .btn-act").first().click();
  await expect(page).toHaveURL(url("/lots"));
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
