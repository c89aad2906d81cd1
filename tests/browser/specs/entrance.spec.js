import { dress, expect, look, scan, sound, test, THEMES, url, VIEWS } from "../house.js";

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

test("a scan anywhere fills the page's open scan field, else goes to the field at the top", async ({ page }) => {
  await dress(page);
  await page.goto(url("/styleguide"));
  await page.locator("#din").evaluate((field) => { field.value = ""; });
  await scan(page, "=W12342600000100");
  await expect(page.locator("#din")).toHaveValue("=W12342600000100");
  await page.goto(url("/styleguide"));
  await page.locator("main input[data-expects]").evaluateAll((fields) => { for (const field of fields) field.disabled = true; });
  await scan(page, "=W1234/2600000100");
  // A stranger is sent to the door first and comes to the search after it.
  await expect(page).toHaveURL((address) => `${address.pathname}${address.search}${address.searchParams.get("next") ?? ""}`.includes("/find?q=%3DW1234%2F2600000100"));
});

test("slow typing outside a field is no scan", async ({ page }) => {
  await dress(page);
  await page.goto(url("/styleguide"));
  await page.keyboard.type("=W1234", { delay: 120 });
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(url("/styleguide"));
  await expect(page.locator("#din")).toHaveValue("=<E8404");
});

test("htmx brings the form secret, and a live fragment is fetched anew when its subject changes", async ({ page }) => {
  await dress(page);
  let secret;
  await page.route("**/styleguide", async (route) => {
    const answer = await route.fetch();
    const live = `<section id="live" data-live="stock" data-live-from="/probe">old</section>`;
    await route.fulfill({ response: answer, body: (await answer.text()).replace(`<h2 id="forms">`, `${live}<h2 id="forms">`) });
  });
  await page.route("**/events", (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 60000\n\nevent: stock\ndata: 1\n\n" }));
  await page.route("**/probe", (route) => {
    secret = route.request().headers()["x-csrf-token"];
    return route.fulfill({ contentType: "text/html", body: `<section id="live" data-live="stock" data-live-from="/probe">new</section>` });
  });
  await page.goto(url("/styleguide"));
  await expect(page.locator("#live")).toHaveText("new");
  expect(secret).toBe(await page.locator("meta[name=csrf-token]").getAttribute("content"));
});

test("Enter walks a form in scan order and stops at what is wrong", async ({ page }) => {
  await dress(page);
  await page.goto(url("/styleguide"));
  await page.locator("#volume").evaluate((field) => { field.value = ""; });
  await page.locator("#din").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#volume")).toBeFocused();
});

test("on paper there is only the page, dated and named", async ({ page }) => {
  await dress(page, { theme: "dark" });
  await page.goto(url("/styleguide"));
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await expect(page.locator(".rail")).toBeHidden();
  await expect(page.locator(".top")).toBeHidden();
  await expect(page.locator(".print-foot")).toBeVisible();
  await look(page, "styleguide-print");
});

for (const [what, width] of [["at 200 % zoom on a ward PC", 683], ["on a narrow window", 820], ["on a tablet", 1024]]) {
  test(`nothing is cut off ${what}`, async ({ page }) => {
    await dress(page, { language: "en", viewport: { width, height: 600 } });
    await page.goto(url("/styleguide"));
    await sound(page);
    await look(page, "styleguide-zoom");
  });
}
