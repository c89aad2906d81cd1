// A group discrepancy from the discrepant wells to the verified conclusion; the calculators.
import { acceptLot, dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

/** A text nobody used in this hospital before. */
const fresh = (prefix) => `${prefix}${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`.toUpperCase();

// Two dozen pages in one walk: a machine that builds beside the browser needs longer.
test.setTimeout(240_000);

async function send(page) {
  await page.locator("main form[method=post] .btn-act").first().click();
}

/** A woman with a tube whose plasma holds no antibody; the page ends on the result. */
async function discrepant(page) {
  const [number, sample, lot] = [fresh("H"), fresh("S"), fresh("CARD-")];
  await page.goto(url("/patients/new"));
  await page.locator("#name").fill(fresh("高龄患者"));
  await page.locator("label:has(input[name=sex][value=female])").click();
  await page.locator("#birth").fill("1938-01-02");
  await page.locator("#hospital").fill(number);
  await send(page);
  await expect(page).toHaveURL(/\/patients\/P\d+$/);
  const record = page.url();
  await page.goto(url("/lots/new"));
  await page.locator("#lot").fill(lot);
  await page.locator("label:has(input[name=kind][value=card])").click();
  await page.locator("#name").fill("ABO/RhD");
  await page.locator("#expires").fill("2099-01-01 00:00");
  await send(page);
  await page.goto(url(`/lots/act?do=open&lot=${lot}`));
  await send(page);
  await acceptLot(page, lot);
  await page.goto(url("/samples/new"));
  await page.locator("#patient").fill(number);
  await page.locator("main form .btn-act").first().click();
  await page.locator("#sample").fill(sample);
  await page.locator("label:has(input[name=identity][value=good])").click();
  await page.locator("#drawn_by").fill("N01");
  await send(page);
  await expect(page).toHaveURL(url(`/samples/${sample}`));
  await page.goto(url(`/bench/enter?kind=group&sample=${sample}`));
  await page.locator("[data-grade]").first().focus();
  await page.keyboard.type("004000");
  await page.locator(`input[name=lot][value='${lot}']`).check();
  await send(page);
  await expect(page).toHaveURL(/\/tests\/T\d+$/);
  return record;
}

for (const view of VIEWS) {
  test(`a discrepancy is worked up, concluded by one and verified by another in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    const record = await discrepant(page);
    // The result says what is wrong, what to give meanwhile and what to do, and leads on.
    await expect(page.locator("main .verdict-stop ol li").first()).toBeVisible();
    await sound(page);
    await look(page, "discrepant-result");
    await page.locator("a[href$='/work-up']").click();
    await page.locator("label:has(input[name=disease])").click();
    await sound(page);
    await look(page, "workup-open");
    await send(page);
    await expect(page).toHaveURL(/\/bench\/discrepancies\/G\d+$/);
    const workup = page.url();
    await sound(page);
    await look(page, "workup-new");
    await page.goto(record);
    await expect(page.locator(".strip .group-a, .strip .group-o")).toHaveCount(0);

    // Concluded before the steps are taken, it is refused step by step.
    await page.goto(`${workup}/conclude`);
    await page.locator("#cause").selectOption("weak_antibody");
    await page.locator("#ruling").selectOption("O+");
    await page.locator("#result").fill("4 °C");
    await send(page);
    await expect(page.locator(".finding").nth(3)).toBeVisible();
    await sound(page);
    await look(page, "workup-refused");

    await page.goto(workup);
    const steps = await page.locator("tbody a[href*='/step?step=']").evaluateAll((all) => all.map((one) => one.href));
    for (const [n, step] of steps.entries()) {
      await page.goto(step);
      await page.locator(`label:has(input[name=outcome][value=${n === 0 ? "explains" : "rules_out"}])`).click();
      await page.locator("#result").fill("A1 2+, B 2+, O 0, auto 0");
      if (n === 0) {
        await sound(page);
        await look(page, "workup-step");
      }
      await send(page);
      await expect(page).toHaveURL(workup);
    }
    await page.goto(`${workup}/conclude`);
    await page.locator("#cause").selectOption("weak_antibody");
    await page.locator("#ruling").selectOption("O+");
    await page.locator("#result").fill("4 °C");
    await send(page);
    await expect(page).toHaveURL(workup);
    // Whoever concluded is offered no button.
    await expect(page.locator("form[action$='/verify']")).toHaveCount(0);
    await page.goto(url("/bench/discrepancies"));
    await sound(page);
    await look(page, "workup-list");

    await signIn(page, "senior");
    await page.goto(workup);
    await page.locator("form[action$='/verify'] button").click();
    await expect(page).toHaveURL(workup);
    await expect(page.locator("form[action$='/verify']")).toHaveCount(0);
    await sound(page);
    await look(page, "workup-verified");
    await page.goto(record);
    await expect(page.locator(".strip .group-o.rhd-positive")).toBeVisible();
  });

  test(`calculators show formula and method, and name what is impossible in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "clinician");
    await page.goto(url("/clinical"));
    await page.locator("a[href='/clinical/calculators']").click();
    await expect(page.locator("main a[href^='/clinical/calculators/']")).toHaveCount(38);
    await sound(page);
    await look(page, "calculators");
    await page.goto(url("/clinical/calculators/allowable_blood_loss"));
    await page.locator("#ebv_ml").fill("5000");
    await page.locator("#hct_i").fill("40");
    await page.locator("#hct_f").fill("28");
    await page.locator("#variant").selectOption("gross");
    await page.locator("main .btn-act").click();
    await expect(page.locator("#result .calc-value b")).toHaveText("1765");
    await sound(page);
    await look(page, "calculator-result");
    await page.locator("#hct_f").fill("45");
    await page.locator("main .btn-act").click();
    await expect(page.locator("#hct_f-error")).toBeVisible();
    await expect(page.locator("#result")).toHaveCount(0);
    await sound(page);
    await look(page, "calculator-wrong");
  });
}
