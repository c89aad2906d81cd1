// The year's evidence: full in the demonstration, empty for a year before it, with its report, and lots that wait for their test.
import { dress, expect, look, signIn, signSecond, sound, test, url, VIEWS } from "../house.js";

// Long pages in one walk: a machine that builds beside the browser needs longer.
test.setTimeout(240_000);

for (const view of VIEWS) {
  test(`the evidence in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "quality");
    await page.goto(url("/qc"));
    await page.locator(".page-actions a[href='/evidence']").click();
    await expect(page.locator("main h1")).toHaveCount(1);
    // The score says what it is of, and what costs stands first.
    await expect(page.locator("#score")).toContainText("100");
    await expect(page.locator("#score ~ .table-frame tbody tr").first().locator(".chip-stop, .chip-warn")).toBeVisible();
    // Five items of compatibility testing, each covered.
    await expect(page.locator("[data-part=coverage] .chip-good").first()).toBeVisible();
    await expect(page.locator("[data-part=cases] tbody tr")).not.toHaveCount(0);
    await expect(page.locator("[data-part=trend] tbody tr")).not.toHaveCount(0);
    await sound(page);
    await look(page, "evidence");
    await page.goto(url("/evidence?from=2019-01-01&until=2019-12-31"));
    await expect(page.locator("[data-part=controls] .empty-room")).toBeVisible();
    await sound(page);
    await look(page, "evidence-empty");
    await page.goto(url("/evidence?from=yesterday&until=2019-12-31"));
    await expect(page.locator("#period-wrong")).toBeVisible();
    await expect(page.locator("#from")).toHaveValue("yesterday");
    await sound(page);
    await look(page, "evidence-wrong");
    await page.goto(url("/evidence/report"));
    await expect(page.locator(".evidence-report h1")).toHaveCount(1);
    await sound(page);
    await look(page, "evidence-report");
    await page.goto(url("/lots"));
    await sound(page);
    await look(page, "lots");
  });
}

test("every figure leads to what it counts", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "quality");
  for (const part of ["cases", "rounds", "nonconformities", "comparisons", "documents", "controls"]) {
    await page.goto(url("/evidence"));
    const link = page.locator(`[data-part=${part}] tbody a`).first();
    await link.click();
    await expect(page, part).not.toHaveURL(/evidence/);
    await expect(page.locator("main h1"), part).toHaveCount(1);
  }
});

test("the report fits the paper", async ({ page }) => {
  await dress(page);
  await signIn(page, "head");
  await page.goto(url("/evidence/report"));
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 718, height: 1000 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wide, "no wider than an A4 page between its margins").toBeLessThanOrEqual(0);
  await look(page, "evidence-print");
});

test("a lot waits for its acceptance test, fails it, passes it, and is counted", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  const lot = `AC-${Date.now()}`;
  const send = () => page.locator("main form[method=post] .btn-act").first().click();
  const row = page.locator("tbody tr", { hasText: lot });
  await page.goto(url("/lots/new"));
  await page.locator("#lot").fill(lot);
  await page.locator("label:has(input[name=kind][value=reagent])").click();
  await page.locator("#name").fill(`Reagent ${lot}`);
  await page.locator("#expires").fill("2099-01-01 00:00");
  await page.locator("#packs").fill("many");
  await send();
  await expect(page.locator("#packs-error")).toContainText("whole number");
  await page.locator("#packs").fill("3");
  await send();
  await page.goto(url(`/lots/act?do=open&lot=${lot}`));
  await send();
  await expect(row).toContainText("has not passed its acceptance test");
  await page.goto(url(`/lots/act?do=accept&lot=${lot}`));
  await page.locator("#rows").fill("P,3,three");
  await send();
  await expect(page.locator("#rows-error")).toContainText("Line 1");
  await page.locator("#rows").fill("P,3,0\nN,0,0");
  await send();
  await expect(page.locator(".verdict")).toBeVisible();
  await sound(page);
  await look(page, "lot-accept-alone");
  await signSecond(page, "senior");
  await send();
  await expect(row).toContainText("failed");
  await page.goto(url(`/lots/act?do=accept&lot=${lot}`));
  await page.locator("#rows").fill("P,3,2\nN,0,0");
  await signSecond(page, "senior");
  await send();
  await expect(row).toContainText("usable");
  await page.goto(url(`/lots/act?do=packs&lot=${lot}`));
  await page.locator("label:has(input[name=change][value=used])").click();
  await page.locator("#packs").fill("4");
  await send();
  await expect(page.locator(".verdict")).toContainText("more than there is");
  await page.locator("#packs").fill("2");
  await send();
  await expect(row.locator("td.number")).toHaveText("1");
  await expect(page.locator("#reorder")).toContainText(`Reagent ${lot}: 1 packs`);
  await look(page, "lots-reorder");
  await row.locator("a").first().click();
  await expect(page.locator("main h1")).toHaveText(lot);
  await expect(page.locator("tbody .chip-good")).toHaveCount(2);
  await sound(page);
  await look(page, "lot");
});
