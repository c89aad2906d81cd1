import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";
import { label, receive, technologists } from "../bags.js";

for (const view of VIEWS) {
  test(`from the count to the bag and through its life, in ${view.name}`, async ({ page }) => {
    test.slow(); // a bag's whole life, with axe on every page of it
    await dress(page, view);
    const signature = await technologists(page);
    const bag = label({ product: "E0701V00", group: "95", days: 2 });
    await receive(page, signature, bag, { temperature: "-25", place: "freezer-1" });
    await page.goto(url("/stock"));
    await sound(page);
    await look(page, "stock-grid");
    await page.locator('.stock-count a[href*="component=plasma&group=On"]').click();
    await expect(page.locator("tbody")).toContainText("freezer-1");
    await sound(page);
    await look(page, "stock-list");
    await page.goto(url(`/stock/list?component=plasma&band=near&place=freezer-1`));
    await page.getByRole("link", { name: new RegExp(bag.din.slice(7)) }).click();
    await expect(page).toHaveURL(url(`/units/${bag.name}`));
    await sound(page);
    await look(page, "unit-available");

    await page.locator('a[href*="do=move"]').click();
    await page.locator("#place").fill("freezer-2");
    await look(page, "unit-move");
    await page.locator("#act [type=submit]").click();
    await expect(page.locator(".strip")).toContainText("freezer-2");

    await page.locator('a[href*="do=modify"]').click();
    await page.locator("#kind").selectOption("thaw");
    await sound(page);
    await look(page, "unit-modify");
    await page.locator("#act [type=submit]").click();
    await expect(page.locator(".verdict-stop")).toBeVisible();
    await page.locator("#second_name").fill(signature.name);
    await page.locator("#second_password").fill(signature.password);
    await page.locator("#act [type=submit]").click();
    await expect(page).toHaveURL(url(`/units/${bag.din}-P0148V00`));
    // The child's life begins with its parent's.
    await expect(page.locator(".timeline li")).toHaveCount(4);

    await page.locator('a[href*="do=hold"]').click();
    await page.locator("#reason").selectOption("appearance");
    await page.locator("#act [type=submit]").click();
    await expect(page.locator(".unit-holds")).toBeVisible();
    await sound(page);
    await look(page, "unit-held");

    await page.locator('a[href*="do=discard"]').click();
    await page.locator("#reason").selectOption("damaged");
    await page.locator("#second_name").fill(signature.name);
    await page.locator("#second_password").fill(signature.password);
    await look(page, "unit-discard");
    await page.goto(url(`/donations/${bag.din}`));
    await expect(page.locator("tbody tr")).toHaveCount(2);
    await sound(page);
    await look(page, "donation");
  });
}

test("an empty list says what to do", async ({ page }) => {
  await dress(page, { language: "en" });
  await technologists(page);
  await page.goto(url("/stock/list?component=granulocytes&group=ABn"));
  await expect(page.locator(".empty-room")).toBeVisible();
  await sound(page);
  await look(page, "stock-none");
});

test("a donation recalled before its bag arrives holds the bag at receipt", async ({ page, browser }) => {
  const bag = label({ product: "E3087V00" });
  const other = await (await browser.newContext()).newPage();
  await dress(other, { language: "en" });
  await signIn(other, "senior");
  await other.goto(url(`/donations/${bag.din}`));
  await other.locator("details.act > summary").click();
  await other.locator("#note").fill("Donor reported fever");
  await other.locator("#reference").fill("BC-17");
  await other.locator("details.act [type=submit]").click();
  await expect(other.locator(".verdict-stop")).toBeVisible();
  await sound(other);
  await look(other, "donation-recalled");
  await dress(page, { language: "en" });
  await receive(page, await technologists(page), bag, { temperature: "22" });
  await expect(page.locator(".verdict-warn")).toContainText("Recalled");
});
