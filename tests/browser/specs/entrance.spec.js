import { dress, expect, look, sound, test, THEMES, url, VIEWS } from "../house.js";

for (const view of VIEWS) {
  for (const theme of THEMES) {
    test(`the sign-in page in ${view.name}, ${theme}`, async ({ page }) => {
      await dress(page, { ...view, theme });
      await page.goto(url("/sign-in"));
      await expect(page.locator("html")).toHaveAttribute("lang", view.language);
      await expect(page.locator("#login")).toBeFocused();
      await expect(page.locator("[data-fill-login]").first()).toBeVisible();
      await sound(page);
      await look(page, `sign-in-${theme}`);
    });

    test(`every component in ${view.name}, ${theme}`, async ({ page }) => {
      await dress(page, { ...view, theme });
      await page.goto(url("/styleguide"));
      await expect(page.locator(".verdict-stop")).toBeVisible();
      await sound(page);
      await look(page, `styleguide-${theme}`);
    });
  }
}

test("the language switch keeps the page and is remembered", async ({ page }) => {
  await dress(page, { language: "zh-CN" });
  await page.goto(url("/sign-in"));
  await page.getByRole("link", { name: "English" }).click();
  await expect(page).toHaveURL(url("/sign-in"));
  await expect(page.getByRole("heading", { name: "Lifeline" })).toBeVisible();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("a wrong password is refused in words and the name stays", async ({ page }) => {
  await dress(page, { language: "en" });
  await page.goto(url("/sign-in"));
  await page.locator("#login").fill("nobody");
  await page.locator("#password").fill("wrong");
  await page.locator("#password").press("Enter");
  await expect(page.locator(".field-error")).toBeVisible();
  await expect(page.locator("#login")).toHaveValue("nobody");
});

test("grades are single keys and move on", async ({ page }) => {
  await dress(page);
  await page.goto(url("/styleguide"));
  await page.locator("#well-1").focus();
  await page.keyboard.type("4wm");
  await expect(page.locator("#well-1")).toHaveValue("4+");
  await expect(page.locator("#well-2")).toHaveValue("w+");
  await expect(page.locator("#well-3")).toHaveValue("mf");
});

test("F2 and a slash lead to the scan field, j and k walk the rows", async ({ page }) => {
  await dress(page);
  await page.goto(url("/styleguide"));
  await page.keyboard.press("F2");
  await expect(page.locator("#scan")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("j");
  await page.waitForTimeout(100);
  await page.keyboard.press("j");
  await expect(page.locator("tbody tr").nth(1).locator("a")).toBeFocused();
  await page.waitForTimeout(100);
  await page.keyboard.press("k");
  await expect(page.locator("tbody tr").nth(0).locator("a")).toBeFocused();
});
