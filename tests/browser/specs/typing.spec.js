// What a bag lacks, typed by two; a genotype taken back and recorded again.
import { dress, expect, look, signIn, signSecond, sound, test, url, VIEWS } from "../house.js";

const act = (page, form) => page.locator(`form[action$='${form}'] .btn-act`).first().click();

for (const view of VIEWS) {
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
