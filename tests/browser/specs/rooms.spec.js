import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

const ROOMS = [
  ["head", "board", "/board"],
  ["head", "alarms", "/alarms"],
  ["auditor", "journal", "/journal"],
  ["auditor", "journal-entry", "/journal/3"],
  ["head", "policy", "/policy"],
  ["head", "policy-key", "/policy/people.session_idle"],
  ["head", "policy-table", "/policy/compatibility.tables"],
  ["admin", "people", "/people"],
  ["admin", "person", "/people/chen"],
  ["admin", "me", "/me"],
  ["equipment", "equipment", "/equipment"],
  ["equipment", "messages", "/messages?state=failed"],
  ["technologist", "find", "/find?q=W0000"],
];
const ROLE = { admin: "administrator" };

for (const view of VIEWS) {
  for (const [role, name, path] of ROOMS) {
    test(`${name} in ${view.name}`, async ({ page }) => {
      await dress(page, view);
      await signIn(page, ROLE[role] ?? role);
      await page.goto(url(path));
      await expect(page.locator("main h1")).toHaveCount(1);
      await sound(page);
      await look(page, `room-${name}`);
    });
  }
}

test("the journal is proved while one watches", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "auditor");
  await page.goto(url("/journal"));
  await page.getByRole("button", { name: "Prove the chain" }).click();
  await expect(page.getByText("The journal is what was written")).toBeVisible();
  await look(page, "journal-proved");
});

test("a policy takes two people", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "head");
  await page.goto(url("/policy/unit.near_expiry"));
  await page.locator("#value").fill("2880");
  await page.locator("#source").fill("Committee 2026-11");
  await page.locator("#reason").fill("smaller store");
  await page.locator("main form").filter({ has: page.locator("#value") }).locator("[type=submit]").click();
  await expect(page.locator(".proposal")).toContainText("2 days");
  await expect(page.getByRole("button", { name: "Put in force" })).toHaveCount(0);
  const context = await browser.newContext();
  const other = await context.newPage();
  await dress(other, { language: "en" });
  await signIn(other, "quality");
  await other.goto(url("/policy"));
  await look(other, "policy-waiting");
  await other.getByRole("button", { name: "Put in force" }).first().click();
  await other.goto(url("/policy/unit.near_expiry"));
  await expect(other.locator(".versions .is-now")).toContainText("2 days");
  await context.close();
});

test("the board renews itself when a machine is registered elsewhere", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "equipment");
  await page.goto(url("/equipment"));
  const context = await browser.newContext();
  const other = await context.newPage();
  await dress(other, { language: "en" });
  await signIn(other, "administrator");
  await other.goto(url("/equipment"));
  await other.locator("summary", { hasText: "Register a machine" }).click();
  await other.locator("#device").fill(`probe-${Date.now()}`);
  await other.locator("#name").fill("Probe of a test");
  await other.locator("#profile").selectOption("generic-astm");
  await other.locator("#serial").fill("1");
  await other.locator("main form [type=submit]").last().click();
  await expect(page.getByText("Probe of a test").first()).toBeVisible();
  await context.close();
});
