// The plan of the day, a proposal accepted, another bag taken with a reason, and how long the stock lasts.
import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

/** Requests in the day's plan that have a proposed bag. */
async function planned(page) {
  await page.goto(url("/crossmatch/plan"));
  const links = page.locator("tbody tr:has(form[action$='/accept']) td:first-child a");
  return links.evaluateAll((all) => all.map((one) => one.getAttribute("href")));
}

for (const view of VIEWS) {
  test(`the day's plan, accepted and changed, in ${view.name}`, { tag: "@fresh" }, async ({ page }) => {
    test.slow();
    await dress(page, view);
    await signIn(page, "technologist");
    const addresses = await planned(page);
    expect(addresses.length).toBeGreaterThan(0);
    await sound(page);
    await look(page, "plan");

    // A scarce group may have no other bag.
    const summary = page.locator("details:has(#instead) > summary");
    let address = "";
    for (address of addresses) {
      await page.goto(url(address));
      if (await summary.count()) break;
    }
    await summary.click();
    await sound(page);
    await look(page, "proposal");

    const other = page.locator("#instead input[type=radio]").last();
    const unit = await other.inputValue();
    await other.check();
    await page.locator("#instead #reason").fill("x");
    await page.locator("#instead [type=submit]").click();
    await expect(page.locator(".verdict-stop")).toBeVisible();
    await look(page, "proposal-refused");
    await page.goto(url(address));
    await summary.click();
    await page.locator(`#instead input[value="${unit}"]`).check();
    await page.locator("#instead #reason").fill("先用近效期的血");
    await page.locator("#instead [type=submit]").click();
    await expect(page).toHaveURL(new RegExp(`unit=${unit}`));
    await page.goto(url(`/units/${unit}`));
    await expect(page.locator(".timeline")).toContainText("先用近效期的血");

    const left = await planned(page);
    await page.goto(url(left[0]));
    const accept = page.locator("form[action$='/accept']").first();
    const proposed = await accept.locator("[name=unit]").inputValue();
    await accept.locator("button").click();
    await expect(page).toHaveURL(new RegExp(`unit=${proposed}`));

    await page.goto(url("/stock/outlook"));
    await expect(page.locator("tbody tr").first()).toBeVisible();
    await sound(page);
    await look(page, "outlook");
  });
}
