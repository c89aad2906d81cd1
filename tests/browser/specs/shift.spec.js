import { dress, expect, look, scan, signIn, sound, test, url, VIEWS } from "../house.js";
import { label, receive, technologists } from "../bags.js";

for (const view of VIEWS) {
  test(`a near miss is reported and the shift handed over with it, in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    const signature = await technologists(page);
    await page.goto(url("/near-misses"));
    await sound(page);
    await look(page, "near-misses");
    await page.locator("a[href='/near-misses/new']").click();
    await page.locator("#kind").selectOption({ index: 1 });
    await page.locator("#account").fill(`Two labels were swapped (${view.name})`);
    await page.locator("main form [type=submit]").click();
    await expect(page.locator("#near-misses")).toContainText(view.name);
    await page.goto(url("/board"));
    await page.locator("a[href='/shift']").click();
    await sound(page);
    await look(page, "shift");
    await page.locator("#notes").fill("Fridge 2: door seal loose, reported");
    await page.locator("#second_name").fill(signature.name);
    await page.locator("#second_password").fill("not the password");
    await page.locator("form[action='/shift'] [type=submit]").click();
    await expect(page.locator("#second_password-error")).toBeVisible();
    await expect(page.locator("#notes")).toHaveValue(/door seal/);
    // The simulated analyser may add something that waits meanwhile: then the list is read again and signed again.
    await expect(async () => {
      await page.locator("#second_password").fill(signature.password);
      await page.locator("form[action='/shift'] [type=submit]").click();
      await expect(page).toHaveURL(/\/shifts\/SH\d+$/, { timeout: 4_000 });
    }).toPass({ timeout: 60_000 });
    await expect(page.locator("main")).toContainText("door seal");
    await sound(page);
    await look(page, "shift-handed-over");
  });

  test(`many bags are moved by scans, in ${view.name}`, async ({ page }) => {
    test.slow(); // two bags are received first
    await dress(page, view);
    const signature = await technologists(page);
    const bags = [label({ product: "E3087V00" }), label({ product: "E3087V00" })];
    for (const bag of bags) await receive(page, signature, bag, { temperature: "22", place: "shaker-1" });
    await page.goto(url("/stock/move"));
    await page.locator("#to").fill("shaker-2");
    await page.locator("#scan-bag").focus();
    for (const bag of bags) await scan(page, bag.symbols.din);
    await expect(page.locator("#moving li")).toHaveCount(2);
    await scan(page, bags[0].symbols.din);
    await expect(page.locator(".said-note")).toBeVisible();
    await sound(page);
    await look(page, "moving");
    await page.locator("button.btn-primary[type=submit]").click();
    await expect(page.locator(".verdict-good")).toContainText("shaker-2");
    await expect(page.locator("#scan-bag")).toBeFocused();
    await sound(page);
    await look(page, "moving-done");
  });
}

test("what a person types into a live page stays while others change what it shows", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await page.goto(url("/crossmatch/plan"));
  const requests = await page.locator("main a[href*='#proposal']").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  const others = page.locator("details:has(#instead)");
  // A scarce group may have no other bag.
  for (const request of requests) {
    await page.goto(url(request));
    if (await others.count()) break;
  }
  await others.locator("summary").click();
  await page.locator("#instead #reason").fill("The patient's own choice of words");
  // Somebody else moves a bag: the part with the choices would be fetched anew.
  const other = await (await browser.newContext()).newPage();
  await dress(other, { language: "en" });
  await signIn(other, "senior");
  await other.goto(url("/stock/list"));
  const bag = await other.locator("tbody a.ident").first().getAttribute("href");
  const heard = page.waitForResponse((answer) => answer.url().includes("/crossmatch/"), { timeout: 5_000 }).catch(() => null);
  await other.goto(url(`${bag}?do=move`));
  await other.locator("#place").fill("elsewhere-1");
  await other.locator("#act [type=submit]").click();
  await expect(other.locator(".strip")).toContainText("elsewhere-1");
  await heard;
  await expect(page.locator("#instead #reason")).toHaveValue("The patient's own choice of words");
  await expect(others).toHaveAttribute("open", "");
});
