// From an unknown patient to a verified group: registration, reception, the grid by single keys, a colleague's verification, the record.
import { acceptLot, dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

/** A text nobody used in this hospital before. */
const fresh = (prefix) => `${prefix}${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`.toUpperCase();

async function send(page) {
  await page.locator("main form[method=post] .btn-act").first().click();
}

/** A woman of 46 with a hospital number; the page ends on her record. */
async function register(page, number, name) {
  await page.goto(url("/patients/new"));
  await page.locator("#name").fill(name);
  await page.locator("label:has(input[name=sex][value=female])").click();
  await page.locator("#birth").fill("1980-01-02");
  await page.locator("#hospital").fill(number);
  await send(page);
  await expect(page).toHaveURL(/\/patients\/P\d+$/);
}

/** An open lot of cards, so that results can be entered. */
async function openLot(page) {
  const lot = fresh("CARD-");
  await page.goto(url("/lots/new"));
  await page.locator("#lot").fill(lot);
  await page.locator("label:has(input[name=kind][value=card])").click();
  await page.locator("#name").fill("ABO/RhD");
  await page.locator("#expires").fill("2099-01-01 00:00");
  await send(page);
  await page.goto(url(`/lots/act?do=open&lot=${lot}`));
  await send(page);
  await expect(page).toHaveURL(url("/lots"));
  await acceptLot(page, lot);
  await control(page, lot);
  return lot;
}

/** The group control with this lot, typed in one go: nothing is released on a lot that no control stands for. */
async function control(page, lot) {
  await page.goto(url("/qc/enter?control=bench-group&place=bench"));
  const materials = page.locator("details.qc-materials");
  if ((await materials.getAttribute("open")) === null) await materials.locator("summary").click();
  await materials.locator(`input[name^=lot][value='${lot}']`).check();
  await page.locator("[data-grade]").first().focus();
  await page.keyboard.type("404004" + "040040" + "1110");
  await send(page);
  await expect(page).toHaveURL(/\/qc\/runs\/K\d+$/);
  await expect(page.locator(".verdict-good")).toBeVisible();
  await sound(page);
  await look(page, "control-run");
  await page.goto(url("/lots"));
}

/** A tube that agrees with the record. */
async function receive(page, number, sample) {
  await page.goto(url("/samples/new"));
  await page.locator("#patient").fill(number);
  await page.locator("main form .btn-act").first().click();
  await page.locator("#sample").fill(sample);
  await page.locator("label:has(input[name=identity][value=good])").click();
  await page.locator("#drawn_by").fill("N01");
  await send(page);
  await expect(page).toHaveURL(url(`/samples/${sample}`));
}

/** Types the six wells of a group from the first on. */
async function grid(page, sample, keys, lot) {
  await page.goto(url(`/bench/enter?kind=group&sample=${sample}`));
  await page.locator("[data-grade]").first().focus();
  await page.keyboard.type(keys);
  await page.locator(`input[name=lot][value='${lot}']`).check();
}

for (const view of VIEWS) {
  test(`from registration to a verified group in ${view.name}`, async ({ page }) => {
    const [number, sample] = [fresh("H"), fresh("S")];
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/patients/new"));
    await sound(page);
    await look(page, "patient-register");
    await register(page, number, fresh("测试患者"));
    const record = page.url();
    await sound(page);
    const lot = await openLot(page);
    await sound(page);
    await look(page, "lots");

    await page.goto(url(`/samples/new?patient=${number}`));
    await sound(page);
    await look(page, "reception");
    await receive(page, number, sample);
    await sound(page);
    await look(page, "sample");
    await page.goto(url("/samples"));
    await sound(page);
    await look(page, "samples");
    await page.goto(url("/bench"));
    await expect(page.locator(`a[href*="sample=${sample}"]`)).toHaveCount(2);
    await sound(page);
    await look(page, "bench");

    await grid(page, sample, "40400", lot);
    await expect(page.locator("#derived .group")).toHaveCount(0);
    await page.locator("[data-grade]").nth(5).focus();
    await page.keyboard.type("4");
    await expect(page.locator("#derived .group-a.rhd-positive")).toBeVisible();
    await sound(page);
    await look(page, "grid");
    await send(page);
    await expect(page).toHaveURL(/\/tests\/T\d+$/);
    const result = page.url();
    // Whoever entered it is offered no button.
    await expect(page.locator("form[action$='/verify']")).toHaveCount(0);

    await signIn(page, "senior");
    await page.goto(url("/bench/verify"));
    await sound(page);
    await look(page, "verify");
    await page.goto(result);
    await page.locator("form[action$='/verify'] button").click();
    await expect(page).toHaveURL(result);
    await sound(page);
    await look(page, "result");
    await page.goto(record);
    await expect(page.locator(".strip .group-a.rhd-positive")).toBeVisible();
    await sound(page);
    await look(page, "patient");
    await page.goto(url(`/patients?q=${number}`));
    await expect(page.locator("tbody tr")).toHaveCount(1);
    await sound(page);
    await look(page, "patients");
  });
}

test("a reactive control is loud at once, is recorded, and cannot be verified", async ({ page }) => {
  const [number, sample] = [fresh("H"), fresh("S")];
  await dress(page);
  await signIn(page, "technologist");
  await register(page, number, fresh("对照患者"));
  const lot = await openLot(page);
  await receive(page, number, sample);
  await grid(page, sample, "444w00", lot);
  await expect(page.locator("#derived.derived-stop")).toBeVisible();
  await look(page, "grid-control");
  await send(page);
  const result = page.url();
  await signIn(page, "senior");
  await page.goto(result);
  await page.locator("form[action$='/verify'] button").click();
  await expect(page.locator(".verdict-stop .finding-source", { hasText: "control-reactive" })).toBeVisible();
  await look(page, "verify-refused");
});

test("a group that differs from the record makes the tube suspect, and two people settle it", async ({ page }) => {
  const number = fresh("H");
  const tubes = [fresh("S"), fresh("S")];
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await register(page, number, fresh("Second sample "));
  const record = page.url();
  const lot = await openLot(page);
  const results = [];
  for (const [sample, keys] of [[tubes[0], "404004"], [tubes[1], "044040"]]) {
    await receive(page, number, sample);
    await grid(page, sample, keys, lot);
    await send(page);
    await expect(page).toHaveURL(/\/tests\/T\d+$/);
    results.push(page.url());
  }
  await signIn(page, "senior");
  for (const result of results) {
    await page.goto(result);
    await page.locator("form[action$='/verify'] button").click();
    await expect(page).toHaveURL(result);
  }
  await page.goto(record);
  await expect(page.locator(".verdict-stop")).toBeVisible();
  await expect(page.locator(".strip .group-unknown")).toBeVisible();
  await sound(page);
  await look(page, "patient-suspect");
  await page.goto(url(`/samples/${tubes[1]}/settle`));
  await page.locator("label:has(input[name=right][value=no])").click();
  await page.locator("#finding").fill("Drawn at the wrong bed");
  await sound(page);
  await look(page, "settle");
  await send(page);
  await expect(page.locator(".finding-source", { hasText: "second-person-needed" })).toBeVisible();
});

test("what the technologist says must be what the wells say", async ({ page }) => {
  const [number, sample] = [fresh("H"), fresh("S")];
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await register(page, number, fresh("Said otherwise "));
  const lot = await openLot(page);
  await receive(page, number, sample);
  await grid(page, sample, "404004", lot);
  await page.locator("label:has(input[name=abo][value=B])").click();
  await send(page);
  await expect(page.locator(".finding-source", { hasText: "interpretation-differs" })).toBeVisible();
  await expect(page.locator("[data-grade]").first()).toHaveValue("4+");
  await look(page, "grid-refused");
  await page.locator("label:has(input[name=abo][value=A])").click();
  await send(page);
  await expect(page).toHaveURL(/\/tests\/T\d+$/);
});

test("the same name without another date of birth is asked about, and a reason goes on", async ({ page }) => {
  const name = fresh("Twin");
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await register(page, fresh("H"), name);
  await page.goto(url("/patients/new"));
  await page.locator("#name").fill(name);
  await page.locator("#hospital").fill(fresh("H"));
  await send(page);
  await expect(page.locator(".verdict-warn")).toBeVisible();
  await sound(page);
  await look(page, "patient-duplicate");
  await page.locator("[name='reason.patient-duplicate']").fill("Another person of this name");
  await send(page);
  await expect(page).toHaveURL(/\/patients\/P\d+$/);
});
