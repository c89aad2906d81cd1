import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

for (const view of VIEWS) {
  test(`external assessment in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "quality");
    await page.goto(url("/eqa"));
    await expect(page.locator("main h1")).toHaveCount(1);
    // What is due stands first, the soonest deadline on top.
    await expect(page.locator("#eqa-rounds tbody tr").first()).toContainText("2026-2");
    await sound(page);
    await look(page, "eqa");
    await page.goto(url("/eqa/programmes/NAT-BT"));
    await expect(page.locator("#trend-table tbody tr")).toHaveCount(9);
    await expect(page.locator("[data-trend] canvas")).toBeVisible();
    await sound(page);
    await look(page, "eqa-trend");
    await page.goto(url("/eqa"));
    await page.getByRole("link", { name: "2026-B" }).first().click();
    await expect(page.locator(".strip .chip-stop").first()).toBeVisible();
    await sound(page);
    await look(page, "eqa-round");
    // The tubes of a round go through the bench; what was verified there is taken and not typed.
    await page.goto(url("/eqa"));
    await page.getByRole("link", { name: "2026-2" }).first().click();
    const round = page.url();
    await sound(page);
    await look(page, "eqa-round-open");
    await page.goto(`${round}/absent`);
    await expect(page.locator("main form .btn-act")).toBeVisible();
    await sound(page);
    await look(page, "eqa-absent");
    await page.goto(url("/eqa/plan"));
    await sound(page);
    await look(page, "eqa-plan");
  });
}

test("what the bench found in the tubes of a round is taken", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await page.goto(url("/eqa"));
  await page.getByRole("link", { name: "2026-2" }).first().click();
  const round = page.url();
  await page.locator("a[href$='/take']").click();
  await sound(page);
  await look(page, "eqa-take");
  await page.locator("main form [type=submit]").last().click();
  await expect(page).toHaveURL(round);
  await expect(page.locator("tbody a[href^='/tests/']")).toHaveCount(4);
  await expect(page.locator("a[href$='/take']")).toHaveCount(0);
  await page.goto(`${round}/enter`);
  // Two tubes, group and RhD each: shown with their test, no field to type into.
  await expect(page.locator("tbody a[href^='/tests/']")).toHaveCount(4);
  await expect(page.locator('[name="r.0.0"]')).toHaveCount(0);
  await expect(page.locator('[name="r.2.0"]')).toHaveCount(1);
  await sound(page);
  await look(page, "eqa-enter-taken");
});

test("a round from its plan to the provider", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "quality");
  await page.goto(url("/eqa/plan"));
  const label = `T-${Date.now() % 100000}`;
  await page.locator("#programme").selectOption("PROV-HB");
  await page.locator("#label").fill(label);
  await page.locator("#deadline").fill("2031-01-01 12:00");
  await page.locator("#samples").fill("2");
  await page.locator("main form [type=submit]").last().click();
  await expect(page.locator("main h1")).toContainText(label);
  const round = page.url();
  await page.goto(`${round}/receive`);
  for (const number of [0, 1]) {
    await page.locator(`[name="code.${number}"]`).fill(`${label}-${number}`);
    await page.locator(`[name="tube.${number}"]`).fill(`Z${label}${number}`);
  }
  await page.locator('[name="intact"][value="yes"]').check({ force: true });
  await page.locator("main form [type=submit]").last().click();
  await expect(page.locator("tbody .ident").first()).toContainText(`Z${label}0`);

  // The bench sees the tube labels and not what the provider calls the samples.
  const context = await browser.newContext();
  const bench = await context.newPage();
  await dress(bench, { language: "en" });
  await signIn(bench, "technologist");
  await bench.goto(round);
  await expect(bench.locator("table").first()).not.toContainText(`${label}-0`);
  await bench.goto(`${round}/enter`);
  const form = bench.locator("main form").last();
  await form.locator('[name="r.0.0"]').fill("A");
  await form.locator('[name="r.0.1"]').fill("much");
  await form.locator("[type=submit]").click();
  await expect(bench.locator("main")).toContainText("not a number");
  await look(bench, "eqa-enter-wrong");
  await form.locator('[name="r.0.1"]').fill("121.0");
  await form.locator('[name="r.1.0"]').fill("O");
  await form.locator('[name="r.1.1"]').fill("88");
  await form.locator("[type=submit]").click();
  await expect(bench.locator("main h1")).toContainText(label);
  await expect(bench.locator("tbody")).toContainText(["121.0"]);
  await bench.goto(`${round}/submit`);
  await bench.locator("#words").fill("receipt 1");
  await bench.locator("main form [type=submit]").last().click();
  await expect(bench.locator(".verdict")).toBeVisible();
  await look(bench, "eqa-submit-alone");
  await context.close();
});
