// Measured results in both languages and widths: typed by keyboard, flagged, verified by a colleague, corrected; and the patients' values followed
// beside the controls.
import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

for (const view of VIEWS) {
  test(`values from the keyboard to a colleague's verification in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");

    // The reactive one of the demonstration, and the tube it was measured in.
    await page.goto(url("/measurements/MR000003"));
    await expect(page.locator(".measured-value").first()).toHaveText("6.85");
    await expect(page.locator(".measured-said .chip-stop")).toBeVisible();
    await sound(page);
    await look(page, "measurement");
    await page.locator('main a[href^="/samples/"]').first().click();
    await expect(page.locator(".measured-number").first()).toBeVisible();
    await sound(page);
    await look(page, "measured-sample");

    // A thromboelastogram: value, Tab, value, Enter. A word is no value, and nothing of the page goes on record.
    await page.locator('main a[href^="/bench/measure?"]').click();
    await page.locator('main nav a[href$="bench=teg"]').click();
    await page.locator('[name="value.teg-r"]').focus();
    await page.keyboard.type("6.4");
    await page.keyboard.press("Tab");
    await page.keyboard.type("slow");
    await page.keyboard.press("Enter");
    await expect(page.locator(".field-error")).toHaveCount(1);
    await sound(page);
    await look(page, "measure-wrong");
    await page.locator('[name="value.teg-k"]').fill("1.6");
    await page.locator('[name="value.teg-ma"]').fill("48.5");
    await look(page, "measure");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/samples\//);
    const newest = page.locator("tr:has(.measured-number)").first();
    await expect(newest.locator(".chip-warn").first()).toBeVisible();
    const result = url(await newest.locator("a.ident").first().getAttribute("href"));
    await page.goto(result);
    await expect(page.locator("form[action$='/verify']")).toHaveCount(0);

    await signIn(page, "senior");
    await page.goto(url("/bench/verify"));
    await sound(page);
    await look(page, "measured-verify");
    await page.goto(result);
    await page.locator("form[action$='/verify'] button").click();
    await expect(page).toHaveURL(result);
    await expect(page.locator("main > p .chip-good").first()).toBeVisible();

    await page.goto(`${result}/correct`);
    await page.locator("#value").fill("<48.0");
    await page.locator("#why").fill("看错小数点");
    await look(page, "measured-correct");
    await page.locator("main form[method=post] .btn-act").first().click();
    await expect(page).toHaveURL(result);
    await expect(page.locator(".measured-value").first()).toContainText("<48.0");
    await expect(page.locator(".test-version")).toHaveCount(2);
    await sound(page);
  });

  test(`patients' values beside the controls in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "quality");
    await page.goto(url("/qc"));
    await page.locator(".qc-signal a").first().click();
    await expect(page).toHaveURL(/\/qc\/patients\/teg-ma/);
    await expect(page.locator("[data-monitor]")).toHaveAttribute("data-drawn", /^[1-9]/);
    await expect(page.locator("#monitor-table tbody tr[data-signal]").first()).toBeVisible();
    await expect(page.locator("main table").first().locator("tbody tr")).toHaveCount(6);
    await sound(page);
    await look(page, "monitor");
    await page.goto(url("/qc/patients"));
    await expect(page.locator("main tbody tr").first()).toBeVisible();
    await sound(page);
    await look(page, "monitors");
    await page.goto(url("/policy/quality.patient_monitors"));
    await sound(page);
    await look(page, "monitor-policy");
  });
}
