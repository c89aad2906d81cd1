// The main walk: a morning's request, a unit set aside, crossmatched, reviewed, issued with two people, received, started, ended.
import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

const PASSWORD = "lifeline-demo";

/** Leaves the session, so that somebody else can come. */
async function leave(page) {
  await page.context().clearCookies({ name: /session/ });
  await page.context().clearCookies();
}

/** Opens the first open routine request for red cells of which units are suitable. */
async function choose(page) {
  await page.goto(url("/crossmatch"));
  const addresses = await page.locator("table.rows tbody tr[data-href]").evaluateAll((rows) => rows.map((row) => row.dataset.href));
  for (const address of addresses) {
    await page.goto(url(address));
    const reserve = page.locator("form[action$='/reserve'] button").first();
    if (!(await reserve.count())) continue;
    await reserve.click();
    if (await page.locator("#record").count()) return address;
  }
  throw new Error("no request of the demonstration can be crossmatched");
}

for (const view of VIEWS) {
  test(`request to fate in ${view.name}`, async ({ page }) => {
    test.setTimeout(120_000);
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/clinical"));
    await sound(page);
    await look(page, "requests");
    const address = await choose(page);
    await sound(page);
    await look(page, "crossmatch");

    const unit = await page.locator("#record [name=unit]").inputValue();
    await page.locator("#lots").fill((await page.locator("#lots").inputValue()) || "AHG-2611");
    await page.locator("#major").focus();
    await page.keyboard.type("00");
    await page.locator("#record [type=submit]").click();
    await look(page, "crossmatched");
    await expect(page.locator("#record .field-error, .verdict-stop")).toHaveCount(0);

    await page.goto(url(`/issue/new?unit=${unit}`));
    await expect(page.locator(".verdict-stop")).toBeVisible();
    await expect(page.locator("form[action='/issue/new'][method=post]")).toHaveCount(0);
    await look(page, "issue-stopped");

    await leave(page);
    await dress(page, view);
    await signIn(page, "senior");
    await page.goto(url(address));
    await page.locator("form[action$='/review'] button").first().click();
    await page.goto(url(`/issue/new?unit=${unit}`));
    await sound(page);
    await look(page, "issue");
    const reasons = page.locator("input[name^='reason.']");
    for (let n = 0; n < (await reasons.count()); n++) await reasons.nth(n).fill("家属知情，主管医师同意");
    const request = address.split("/").pop();
    await page.goto(url(`/issue/labels/${unit}/${request}`));
    await look(page, "label");
    const patient = (await page.locator(".label .ident").first().textContent()).trim();
    await page.goto(url(`/issue/new?unit=${unit}`));
    for (let n = 0; n < (await reasons.count()); n++) await reasons.nth(n).fill("家属知情，主管医师同意");
    await page.locator("#label_unit").fill(unit);
    await page.locator("#label_patient").fill(patient);
    await page.locator("#collector").fill("he");
    await page.locator("#destination").fill("ward-3");
    await page.locator("#second_name").fill("chen");
    await page.locator("#second_password").fill(PASSWORD);
    await page.locator("form[action='/issue/new'][method=post] .btn-act").click();
    await expect(page).toHaveURL(/\/issue\/I\d+$/);
    await sound(page);
    await look(page, "issued");
    const issue = page.url().split("/").pop();
    await page.goto(url(`/issue/${issue}/slip`));
    await look(page, "slip");

    await leave(page);
    await dress(page, view);
    await signIn(page, "nurse");
    await page.goto(url(`/ward?unit=${unit}`));
    await page.locator(".btn-act").first().click();
    await page.locator("#wristband").fill("WRONG-1");
    await look(page, "ward");
    await page.locator("form[action$='/start'] .btn-act").click();
    await expect(page.locator(".verdict-stop")).toBeVisible();
    await look(page, "ward-wrong-patient");
    await page.locator("#wristband").fill(patient);
    await page.locator("form[action$='/start'] .btn-act").click();
    await expect(page.locator("#started")).toBeVisible();
    await sound(page);
    await look(page, "ward-fate");
  });

  test(`the green channel in ${view.name}`, async ({ page }) => {
    test.setTimeout(120_000);
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/issue/emergency"));
    await sound(page);
    await page.locator("#ward").selectOption("急诊科");
    await page.locator("#doctor").fill("王医生");
    await page.locator("form[action='/issue/emergency'] .btn-act").click();
    await expect(page.locator(".row-acts").first()).toBeVisible();
    await sound(page);
    await look(page, "emergency");
    await page.locator(".row-acts a").last().click();
    await page.locator("td.row-acts a[href^='/issue/new']").first().click();
    await expect(page.locator(".verdict-warn")).toBeVisible();
    await look(page, "emergency-issue");
  });
}
