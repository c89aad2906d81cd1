import { dress, expect, look, scan, sound, test, url, VIEWS } from "../house.js";
import { checkAll, label, open, put, receive, take, technologists } from "../bags.js";

for (const view of VIEWS) {
  test(`a delivery is scanned in, in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    const signature = await technologists(page);
    await open(page, signature, { delivery: `D-${view.name.replace(" ", "-")}` });
    await look(page, "receipt-empty");
    await put(page);
    const bag = label();
    // Any order; the donation number last.
    for (const slot of ["expiry", "group", "product"]) await scan(page, bag.symbols[slot]);
    await expect(page.locator(".slot.is-filled")).toHaveCount(3);
    await scan(page, bag.symbols.din);
    await expect(page.locator("#label[data-complete]")).toBeVisible();
    await expect(page.locator("input[name=appearance]").first()).toBeFocused();
    await checkAll(page);
    await sound(page);
    await look(page, "receipt-read");
    await take(page);
    // Red cells wait for their regroup: received, and not yet to be used.
    await expect(page.locator(".verdict-warn")).toContainText(bag.din.slice(7));
    await expect(page.locator(".receipt-last a").first()).toContainText(bag.din.slice(7));
    await expect(page.locator("#place")).toHaveValue("fridge-1");
    await expect(page.locator("#scan-label")).toBeFocused();
    // The signature given once serves for the next bag; whoever looks at the bag sees both names.
    const next = label();
    for (const slot of Object.keys(next.symbols)) await scan(page, next.symbols[slot]);
    await checkAll(page);
    await take(page);
    await expect(page.locator(".receipt-last li")).toHaveCount(2);
    await sound(page);
    await look(page, "receipt-done");
  });

  test(`the typed path stands apart, in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    const signature = await technologists(page);
    await open(page, signature);
    await page.goto(url("/receipt?entry=keyed"));
    await page.locator("#din").fill("W000007123456 Z");
    await page.locator("#product").fill("E0336V00");
    await page.locator("#group").selectOption("O-");
    await page.locator("#expires").fill("2031-12-31");
    await page.locator("#place").fill("fridge-1");
    await checkAll(page);
    await take(page, signature);
    await expect(page.locator("#din-error")).toBeVisible();
    await expect(page.locator("#product")).toHaveValue("E0336V00");
    await sound(page);
    await look(page, "receipt-keyed");
  });
}

test("whole label in one scan, with scans faster than the server answers", async ({ page }) => {
  await dress(page, { language: "en" });
  await open(page, await technologists(page));
  const bag = label({ product: "E3087V00" });
  const { din, group, product, expiry } = bag.symbols;
  await page.locator("#scan-label").focus();
  for (const symbol of [din, group, product, expiry]) await scan(page, symbol);
  await expect(page.locator("#label[data-complete]")).toBeVisible();
  await expect(page.locator(".slot").nth(1)).toContainText("Platelets");
  await page.goto(url("/receipt"));
  await scan(page, `=+04000${din}${group}${product}${expiry}`);
  await expect(page.locator(".slot.is-filled")).toHaveCount(4);
});

test("another bag's label, a foreign code and nonsense are said in words and change nothing", async ({ page }) => {
  await dress(page, { language: "en" });
  await open(page, await technologists(page));
  const [bag, other] = [label(), label()];
  await scan(page, bag.symbols.din);
  await expect(page.locator(".slot").first()).toContainText(bag.din.slice(7));
  await scan(page, other.symbols.din);
  await expect(page.locator(".said-stop")).toContainText("another bag's label");
  await expect(page.locator(".slot").first()).toContainText(bag.din.slice(7));
  await scan(page, "&(N0008");
  await expect(page.locator(".said-stop")).toContainText("special testing");
  await scan(page, "hello world");
  await expect(page.locator(".said-stop")).toContainText("no code of a bag label");
  await expect(page.locator(".slot.is-filled")).toHaveCount(1);
  await look(page, "receipt-wrong");
});

test("a refusal keeps everything that was read", async ({ page }) => {
  await dress(page, { language: "en" });
  const signature = await technologists(page);
  const bag = label({ product: "E3087V00" });
  await receive(page, signature, bag, { temperature: "22" });
  await expect(page.locator(".verdict-good")).toBeVisible();
  await receive(page, signature, bag, { temperature: "22" });
  await expect(page.locator(".verdict-stop")).toContainText("received before");
  await expect(page.locator(".slot.is-filled")).toHaveCount(4);
  await look(page, "receipt-refused");
});

for (const view of VIEWS) {
  test(`a delivery is opened by two, in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    const signature = await technologists(page);
    await open(page, signature);
    await page.locator("form[action='/receipt/end'] [type=submit]").click();
    await expect(page.locator(".strip")).toContainText("4.2");
    await sound(page);
    await look(page, "delivery-done");
    await page.goto(url("/receipt"));
    await page.locator("#supplier").fill("省血液中心");
    await page.locator("#second_name").fill(signature.name);
    await page.locator("#second_password").fill("not the password");
    await page.locator(".receipt-opening [type=submit]").click();
    await expect(page.locator("#second_password-error")).toBeVisible();
    await expect(page.locator("#supplier")).toHaveValue("省血液中心");
    await sound(page);
    await look(page, "receipt-open-wrong");
  });
}
