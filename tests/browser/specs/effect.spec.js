// Platelets from the ranking to the count that says whether they worked; what a bag lacks; a genotype taken back.
import { dress, expect, look, signIn, signSecond, sound, test, url, VIEWS } from "../house.js";

const act = (page, form) => page.locator(`form[action$='${form}'] .btn-act`).first().click();

/** Somebody else comes to the screen. */
async function come(page, view, role) {
  await page.context().clearCookies();
  await dress(page, view);
  await signIn(page, role);
}

/** The open request for platelets of the demonstration, in the crossmatch room. */
async function platelets(page) {
  await page.goto(url("/crossmatch"));
  const rows = await page.locator("table.rows tbody tr[data-href]").evaluateAll((all) => all.map((one) => one.dataset.href));
  for (const address of rows) {
    await page.goto(url(address));
    const ranked = page.locator(`a[href='${address}/platelets']`).first();
    if (await ranked.count()) return address;
  }
  throw new Error("the demonstration asks for no platelets");
}

for (const view of VIEWS) {
  test(`platelets are ranked, given and judged by the count in ${view.name}`, { tag: "@fresh" }, async ({ page }) => {
    test.setTimeout(180_000);
    await dress(page, view);
    await signIn(page, "technologist");
    const address = await platelets(page);
    await page.locator(`a[href='${address}/platelets']`).first().click();
    await expect(page.locator("form[action$='/reserve']").first()).toBeVisible();
    await sound(page);
    await look(page, "platelets-ranked");
    const first = page.locator("form[action$='/reserve']").first();
    const unit = await first.locator("[name=unit]").inputValue();
    await first.locator("button").click();
    await expect(page).toHaveURL(new RegExp(`unit=${unit}`));

    const request = address.split("/").pop();
    await page.goto(url(`/issue/labels/${unit}/${request}`));
    const patient = (await page.locator(".label .ident").first().textContent()).trim();
    await page.goto(url(`/issue/new?unit=${unit}&request=${request}`));
    const reasons = page.locator("input[name^='reason.']");
    for (let n = 0; n < (await reasons.count()); n++) await reasons.nth(n).fill("家属知情，主管医师同意");
    await page.locator("#label_unit").fill(unit);
    await page.locator("#label_patient").fill(patient);
    await page.locator("#collector").fill("he");
    await page.locator("#destination").fill("ward-3");
    await signSecond(page, "senior");
    await act(page, "/issue/new");
    await expect(page).toHaveURL(/\/issue\/I\d+$/);
    const issue = page.url().split("/").pop();

    await come(page, view, "nurse");
    await page.goto(url(`/ward/${issue}`));
    await page.locator(".btn-act").first().click();
    await page.locator("#wristband").fill(patient);
    await act(page, "/start");
    await expect(page.locator("#started")).toBeVisible();
    await page.locator("label:has(input[name=reaction])").last().click();
    await act(page, "/fate");
    await expect(page.locator("#effect")).toBeVisible();
    await sound(page);
    await look(page, "effect-asked");

    // A surface nobody has is refused beside the field, and what was typed stays.
    await page.locator("#before").fill("9");
    await page.locator("#after").fill("15");
    await page.locator("#area").fill("99");
    await page.locator("#dose").fill("3");
    await act(page, "/response");
    await expect(page.locator(".verdict-stop, #area-error").first()).toBeVisible();
    await expect(page.locator("#after")).toHaveValue("15");
    await look(page, "effect-refused");
    await page.locator("#area").fill("1.7");
    await act(page, "/response");
    // (15 - 9) x 1.7 / 3 = 3.4: below what fresh platelets should give.
    await expect(page.locator("#effect tbody tr")).toHaveCount(1);
    await expect(page.locator("#effect tbody tr")).toContainText("3.4");
    await sound(page);
    await look(page, "effect-judged");
  });

  test(`a bag's antigens are typed by two people in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/stock/list?status=available&component=red_cells"));
    const href = await page.locator("a[href^='/units/']").first().getAttribute("href");
    await page.goto(url(`${href}/type`));
    await sound(page);
    await look(page, "typing");
    await page.locator("#negative").fill("E Qx");
    await page.locator("#report").fill("板式法 2026-7");
    await signSecond(page, "senior");
    await act(page, "/type");
    await expect(page.locator("#negative-error")).toContainText("Qx");
    await look(page, "typing-unknown");
    await page.locator("#negative").fill("Cw");
    await signSecond(page, "senior");
    await act(page, "/type");
    await expect(page).toHaveURL(url(href));
    await expect(page.locator(".timeline")).toContainText("板式法 2026-7");
    await sound(page);
    await look(page, "typed");
  });

  test(`a genotype is taken back and recorded again in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/find?q=20260022"));
    await expect(page).toHaveURL(/\/patients\/P\d+/);
    const record = page.url().replace(/[?#].*/, "");
    await page.goto(`${record}/withdraw-genotype`);
    await sound(page);
    await look(page, "genotype-back");
    await act(page, "/withdraw-genotype");
    await expect(page).toHaveURL(record);
    await expect(page.locator("a[href$='/withdraw-genotype']")).toHaveCount(0);
    await page.goto(`${record}/genotype`);
    await page.locator("#first").selectOption({ index: 1 });
    await page.locator("#other").selectOption({ index: 1 });
    await page.locator("#report").fill("省血液中心 2026-1187 复核");
    // One person alone does not make a patient RhD positive for transfusion.
    await act(page, "/genotype");
    await expect(page.locator(".verdict-stop, .field-error").first()).toBeVisible();
    await look(page, "genotype-alone");
    await signSecond(page, "senior");
    await act(page, "/genotype");
    await expect(page).toHaveURL(record);
    await expect(page.locator("a[href$='/withdraw-genotype']").first()).toHaveCount(1);
    await sound(page);
    await look(page, "genotype-recorded");
  });
}
