// The department's own records: what is to be read, what went wrong and what came of it, comparisons, competence, audits.
import { dress, expect, look, signIn, signSecond, sound, test, url, VIEWS } from "../house.js";

const send = (page) => page.locator("main form[method=post] .btn-act").first().click();
const choose = (page, name, value) => page.locator(`label:has(input[name=${name}][value=${value}])`).click();

// A dozen pages in one walk: a machine that builds beside the browser needs longer.
test.setTimeout(240_000);

for (const view of VIEWS) {
  test(`the governance room in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "quality");
    await page.goto(url("/governance"));
    await expect(page.locator("main h1")).toHaveCount(1);
    await sound(page);
    await look(page, "governance");
    for (const what of ["case", "document", "comparison", "competence", "review"]) {
      await page.goto(url(`/governance/new/${what}`));
      await expect(page.locator("main form .btn-act")).toBeVisible();
      await sound(page);
      await look(page, `governance-new-${what}`);
    }
    await page.goto(url("/governance"));
    await page.locator("[data-part=cases] tbody a").first().click();
    await sound(page);
    await look(page, "nonconformity");
    await page.goto(url("/documents/SOP-TX-01"));
    await sound(page);
    await look(page, "document");
    await page.goto(url("/governance"));
    await page.locator("[data-part=comparisons] tbody a").first().click();
    await expect(page.locator(".verdict")).toBeVisible();
    await sound(page);
    await look(page, "comparison");
  });
}

test("a nonconformity from its report to the judgement of another person", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await page.goto(url("/governance/new/case"));
  // A browser would not send it; the page must answer for one that does.
  await page.locator("main form[method=post]").evaluate((form) => { form.noValidate = true; });
  await send(page);
  await expect(page.locator(".field-error").first()).toBeVisible();
  await sound(page);
  await look(page, "governance-new-case-wrong");
  const text = `Centrifuge log left empty ${Date.now()}`;
  await page.locator("#source").selectOption("work");
  await choose(page, "weight", "minor");
  await page.locator("#text").fill(text);
  await send(page);
  await expect(page).toHaveURL(url("/governance"));
  const line = page.locator("tbody tr", { hasText: text });
  const number = await line.locator("a").first().textContent();
  const context = await browser.newContext();
  const officer = await context.newPage();
  await dress(officer, { language: "en" });
  await signIn(officer, "quality");
  const at = (act) => url(`/nonconformities/${number}/${act}`);
  await officer.goto(at("analyse"));
  await officer.locator("#cause").fill("Nobody was named for the log");
  await send(officer);
  await officer.goto(at("plan"));
  await choose(officer, "kind", "corrective");
  await officer.locator("#text").fill("The duty list names one person a day");
  await officer.locator("#who").selectOption("chen");
  await officer.locator("#due").fill("2099-01-01 08:00");
  await send(officer);
  // Who was given the action says that it is done.
  await page.goto(at("complete"));
  await page.locator("#action").selectOption({ label: "The duty list names one person a day" });
  await page.locator("#done").fill("The list is in force since Monday");
  await send(page);
  await officer.goto(at("judge"));
  await look(officer, "nonconformity-judge");
  await choose(officer, "effective", "yes");
  await officer.locator("#evidence").fill("A month without an empty line");
  await send(officer);
  await officer.goto(url(`/nonconformities/${number}`));
  await expect(officer.locator("main .chip-good").first()).toBeVisible();
  await sound(officer);
  await context.close();
});

test("a document is published by two and read by its readers", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "quality");
  const code = `SOP-${Date.now() % 1e7}`;
  await page.goto(url("/governance/new/document"));
  await page.locator("#document").fill(code);
  await page.locator("#title").fill("Handling of reagents");
  await page.locator("#place").fill("files/sop.pdf");
  await page.locator("[name=reader-technologist]").check();
  await page.locator("#digest").fill("abc");
  await signSecond(page, "head");
  await send(page);
  await expect(page.locator(".verdict")).toContainText("64 hexadecimal digits");
  await page.locator("#digest").fill("");
  await signSecond(page, "head");
  await send(page);
  await expect(page).toHaveURL(url("/governance"));
  const context = await browser.newContext();
  const reader = await context.newPage();
  await dress(reader, { language: "en" });
  await signIn(reader, "technologist");
  await reader.goto(url("/governance"));
  await reader.locator("[data-part=to-read] a", { hasText: code }).click();
  await sound(reader);
  await look(reader, "document-sign");
  await reader.locator("form[action$='/sign'] [type=submit]").click();
  await reader.goto(url("/governance"));
  await expect(reader.locator("[data-part=to-read] a", { hasText: code })).toHaveCount(0);
  await context.close();
});

test("a comparison is judged by the limits of its item", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await page.goto(url("/governance/new/comparison"));
  await choose(page, "versus", "instruments");
  await page.locator("#item").fill("Hb");
  await choose(page, "scale", "numbers");
  await page.locator("#parties").fill("XN-1, XN-2");
  await page.locator("#rows").fill("1,120,121\n2,90,91\n3,140,high\n4,105,104\n5,133,134");
  await send(page);
  await expect(page.locator(".verdict")).toContainText("no number");
  await sound(page);
  await look(page, "comparison-wrong");
  await page.locator("#rows").fill("1,120,121\n2,90,91\n3,140,160\n4,105,120\n5,133,134");
  await send(page);
  await expect(page).toHaveURL(url("/governance"));
  await page.locator("[data-part=comparisons] tbody tr", { hasText: "Hb" }).first().locator("a").click();
  await expect(page.locator(".verdict-stop")).toContainText("not acceptable");
  await expect(page.locator("tbody .chip-stop")).toHaveCount(2);
  await sound(page);
  await look(page, "comparison-refused");
});

test("competence and an audit are recorded", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "quality");
  await page.goto(url("/governance/new/competence"));
  await page.locator("#person").selectOption("wang");
  await page.locator("#item").fill("Crossmatch");
  await page.locator("#method").selectOption("observation");
  await choose(page, "passed", "yes");
  await page.locator("#until").fill("2001-01-01 08:00");
  await send(page);
  await expect(page.locator(".verdict")).toContainText("past");
  await page.locator("#until").fill("2099-01-01 08:00");
  await send(page);
  await expect(page).toHaveURL(url("/governance"));
  await expect(page.locator("[data-part=competence]")).toContainText("Crossmatch");
  await page.goto(url("/governance/new/review"));
  await page.locator("#kind").selectOption("management-review");
  await page.locator("#scope").fill("The whole year");
  await page.locator("#conclusion").fill("Resources are sufficient");
  await signSecond(page, "head");
  await send(page);
  await expect(page).toHaveURL(url("/governance"));
  await expect(page.locator("[data-part=reviews]")).toContainText("The whole year");
});
