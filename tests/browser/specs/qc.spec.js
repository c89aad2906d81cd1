// Internal quality control: its pages in both languages and widths, a bench's morning by keyboard alone, and a control that goes out
// until another person closes the case.
import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

const drawn = async (page) => {
  await expect(page.locator("#qc-figure")).toHaveAttribute("data-drawn", /^[1-9]/);
  await expect(page.locator("#qc-figure canvas").first()).toBeVisible();
};

for (const view of VIEWS) {
  test(`the quality room in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "quality");

    // What is due, running, in control, warning and out; the open case; every hour of the day.
    await page.goto(url("/qc"));
    await expect(page.locator(".qc-tile")).toHaveCount(5);
    await expect(page.locator(".qc-open a")).toHaveAttribute("href", /\/qc\/cases\/C\d+/);
    await expect(page.locator(".qc-board tbody tr").first().locator(".qc-hour")).toHaveCount(24);
    for (const way of ["/qc/proof", "/qc/cases", "/qc/change?", "/qc/waive?", "/qc/chart?", "/qc/bench?"]) {
      await expect(page.locator(`main a[href^="${way}"]`).first(), way).toBeVisible();
    }
    await sound(page);
    await look(page, "qc-home");

    // A chart, its points by keyboard, and its table.
    await page.goto(url("/qc/chart?control=teg-r&place=bench"));
    await drawn(page);
    await page.locator("#qc-figure").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("PageUp");
    await expect(page.locator("#qc-story p")).toContainText("1-3s");
    await expect(page.locator('#qc-story [data-story="case"]')).toBeVisible();
    await expect(page.locator("main table tbody tr")).toHaveCount(50);
    await sound(page);
    await look(page, "qc-chart");
    await page.keyboard.press("Enter");
    await expect(page.locator(".verdict-stop")).toBeVisible();
    // The grades of a graded control, run by run: the weak positive fades. Axe reads the long tables once in each language and width.
    const thorough = (view.language === "zh-CN") === (view.width === "desk");
    await page.goto(url("/qc/chart?control=bench-screen&place=bench"));
    await expect(page.locator(".qc-grades .is-weaker").first()).toBeVisible();
    if (thorough) await sound(page);
    await look(page, "qc-grades");

    // The proof of a day, and of the day before.
    await page.goto(url("/qc/proof"));
    await expect(page.locator(".verdict-good")).toContainText("100.0 %");
    if (thorough) await sound(page);
    await look(page, "qc-proof");
    await page.locator('.filters a[rel="prev"]').click();
    await expect(page.locator('.filters a[rel="next"]')).toBeVisible();

    await page.goto(url("/qc/bench?bench=gel&place=bench&all=1"));
    await expect(page.locator(".qc-block")).toHaveCount(3);
    await sound(page);
    await look(page, "qc-bench");
  });
}

test("every chart of two levels, and one without a second", async ({ page }) => {
  await dress(page);
  await signIn(page, "quality");
  for (const kind of ["z", "youden", "cusum"]) {
    await page.goto(url(`/qc/chart?control=hb&place=bench&kind=${kind}&lot=HB-QC-26`));
    await drawn(page);
    await look(page, `qc-${kind}`);
  }
  await page.goto(url("/qc/chart?control=nat-ct&place=bench&kind=youden"));
  await drawn(page);
});

test("a control goes out; corrected, repeated, decided, closed by another", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  await page.goto(url("/qc/enter?control=bench-screen&place=bench"));
  await page.keyboard.type("110");
  await page.keyboard.type("020");
  await page.keyboard.press("Enter");
  await expect(page.locator(".verdict-stop")).toBeVisible();
  await sound(page);
  await look(page, "qc-out");
  await page.locator(".verdict-stop a").first().click();
  const address = page.url();
  await expect(page.locator(".qc-step")).toHaveCount(4);
  await expect(page.locator(".qc-step.is-done")).toHaveCount(0);
  await expect(page.locator("#qc-case table").last().locator("tbody tr").first()).toBeVisible();
  await sound(page);
  await look(page, "qc-case-open");
  // The technologist corrects and repeats; deciding and closing are not theirs.
  await page.locator(".qc-step a").first().click();
  await page.locator("#cause").selectOption("reagent");
  await page.locator("#action").fill("New vial of screening cells");
  await page.locator("main form .btn-act").click();
  await expect(page).toHaveURL(address);
  await page.locator(".qc-step a").first().click();
  await page.keyboard.press("Enter");
  await page.keyboard.type("110000");
  await page.keyboard.press("Enter");
  // A repeat without a reason is none; what was typed stands.
  await expect(page.locator(".field-error")).toHaveCount(1);
  await expect(page.locator('[name="well.bench-screen.weak.screen_1"]')).toHaveValue("1+");
  await page.locator('[name="why.bench-screen"]').fill("Repeated with the new vial");
  await page.locator("main form .btn-act").click();
  await expect(page.locator(".verdict-good, .verdict-warn")).toBeVisible();

  const context = await browser.newContext();
  const officer = await context.newPage();
  await dress(officer, { language: "en" });
  await signIn(officer, "quality");
  await officer.goto(address);
  await officer.locator('.qc-step a[href$="/decisions"]').click();
  const results = officer.locator(".qc-decision");
  const count = await results.count();
  expect(count).toBeGreaterThan(0);
  await officer.locator("main form .btn-act").click();
  await expect(officer.locator(".field-error")).toBeVisible();
  await sound(officer);
  await look(officer, "qc-decisions");
  for (let at = 0; at < count; at += 1) await results.nth(at).locator('input[value="stands"]').check({ force: true });
  await officer.locator("#why").fill("Tested again with the new vial, same result");
  await officer.locator("main form .btn-act").click();
  await expect(officer.locator(".qc-step.is-done")).toHaveCount(3);
  await officer.locator('.qc-step a[href$="/close"]').click();
  await officer.locator("#note").fill("The vial was spoilt");
  await officer.locator("main form .btn-act").click();
  await expect(officer.locator(".verdict-good")).toBeVisible();
  await sound(officer);
  await look(officer, "qc-case-closed");
  await context.close();
});

test("a bench's morning by keyboard alone; nothing is lost where a well was missed", async ({ page }, info) => {
  await dress(page, { language: "zh-CN" });
  await signIn(page, "technologist");
  await page.goto(url("/qc/bench?bench=gel&place=bench&all=1"));
  let keys = 0;
  const press = async (...names) => { for (const name of names) { keys += 1; await page.keyboard.press(name); } };
  // The first cell waits for its key. The fourth well is passed over by mistake.
  await press("1", "1", "0", "Enter", "0", "0", "1", "0", "0", "0", "1", "0", "0", "0", "Enter");
  await expect(page.locator(".field-error")).toHaveCount(1);
  await expect(page.locator('[name="well.bench-screen.weak.screen_1"]')).toHaveValue("1+");
  await expect(page.locator('[name="well.bench-crossmatch.weak.xm_major"]')).toHaveValue("1+");
  await look(page, "qc-bench-wrong");
  // The missed cell waits; from it Enter goes on to the button.
  await expect(page.locator('[name="well.bench-screen.neg.screen_1"]')).toBeFocused();
  await press("0", ...Array(11).fill("Enter"));
  await expect(page).toHaveURL(/\/qc\/recorded\?/);
  await expect(page.locator("tbody .chip-good")).toHaveCount(3);
  await sound(page);
  await look(page, "qc-recorded");
  // Without the mistake it is one key a well and one to send.
  await page.goto(url("/qc/bench?bench=tube&place=bench&all=1"));
  keys = 0;
  await press("4", "0", "4", "0", "0", "4", "0", "4", "0", "0", "4", "0", "1", "1", "1", "0", "Enter");
  await expect(page.locator(".verdict-good")).toBeVisible();
  info.annotations.push({ type: "keystrokes", description: `tube bench: 16 wells, ${keys} keys` });
  console.log(`tube bench: 16 wells, ${keys} keys`);
  expect(keys).toBe(17);
});

test("a remark on a point, a waiver signed by two, and a change of a machine", async ({ page }) => {
  await dress(page, { language: "en" });
  await page.goto(url("/sign-in"));
  const officer = page.locator('[data-fill-login][data-role="quality"]').first();
  const second = { name: await officer.getAttribute("data-fill-login"), password: await officer.getAttribute("data-fill-password") };
  await signIn(page, "senior");
  await page.goto(url("/qc/chart?control=teg-ma&place=bench"));
  await drawn(page);
  await page.locator("#qc-figure").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("n");
  await expect(page).toHaveURL(/\/note\?level=/);
  await page.locator("#text").fill("First run with the new cup holder");
  await page.locator("main form .btn-act").click();
  await expect(page).toHaveURL(/\/qc\/chart\?/);
  await expect(page.locator("tbody")).toContainText("First run with the new cup holder");
  await drawn(page);
  await page.locator("#qc-figure").focus();
  await page.keyboard.press("End");
  await expect(page.locator("#qc-story p")).toContainText("First run with the new cup holder");
  await page.locator('#qc-story [data-story="journal"]').click();
  await expect(page.locator("main table tbody tr").first()).toBeVisible();

  await page.goto(url("/qc"));
  await page.locator('a[href="/qc/waive?control=nat-ct&place=bench"]').click();
  await page.locator("#why").fill("The kit's material is late; yesterday's known samples stand in");
  await page.locator("#second_name").fill(second.name);
  await page.locator("#second_password").fill(second.password);
  await sound(page);
  await look(page, "qc-waive");
  await page.locator("main form .btn-act").click();
  await expect(page).toHaveURL(url("/qc"));
  await expect(page.locator("tr", { hasText: "NAT low positive Ct" })).toContainText("Waived by two");
  await look(page, "qc-waived");

  await page.locator('a[href="/qc/change?place=echo-1"]').first().click();
  await page.locator('[name="kind"][value="maintenance"]').check({ force: true });
  await page.locator("#note").fill("Probe replaced");
  await look(page, "qc-change");
  await page.locator("main form .btn-act").click();
  await expect(page).toHaveURL(url("/qc"));
  // What stood on the machine must be run anew.
  await expect(page.locator("table", { hasText: "ABO/RhD on the analyser" }).first().locator(".chip-warn")).toHaveCount(4);
});

for (const view of VIEWS) {
  test(`the month of the controls and the targets of our own values in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "quality");
    await page.goto(url("/qc"));
    await page.locator('.page-actions a[href="/qc/month"]').click();
    await expect(page.locator("main tbody tr")).not.toHaveCount(0);
    await expect(page.locator('main tbody a[href^="/qc/chart?control=teg-r"]').first()).toBeVisible();
    await sound(page);
    await look(page, "qc-month");
    await page.locator('.filters a[rel="prev"]').click();
    await expect(page).toHaveURL(/\/qc\/month\?month=\d{4}-\d{2}$/);
    await expect(page.locator('.filters a[rel="next"]')).toBeVisible();
    // Before any plan was in force the page says which policy lacks; it does not pretend that nothing was run.
    await page.goto(url("/qc/month?month=1990-01"));
    await expect(page.locator("main .chip")).toBeVisible();
    await expect(page.locator("main")).toContainText("quality.controls");
    await expect(page.locator("main .empty-room, main table")).toHaveCount(0);
    await sound(page);
    await look(page, "qc-month-lacking");
    // What is no month is told and stays to be mended.
    await page.locator("#month").fill("2026-13");
    await page.locator("form.filters button").click();
    await expect(page.locator("#month-wrong")).toBeVisible();
    await expect(page.locator("#month")).toHaveValue("2026-13");
    await expect(page.locator("main tbody tr")).not.toHaveCount(0);
    await sound(page);

    await page.goto(url("/qc/adopt?control=nat-ct"));
    await expect(page.locator('input[name="choice"]')).not.toHaveCount(0);
    await sound(page);
    await look(page, "qc-adopt");
    await page.locator("#why").fill("First twenty values");
    await page.locator("main form .btn-act").click();
    await expect(page.locator(".field-error")).toBeVisible();
    await expect(page.locator("#why")).toHaveValue("First twenty values");
    await sound(page);
  });
}

test("a target of our own values is put in force, and only its figures of the moment", async ({ page, browser }) => {
  await dress(page, { language: "en" });
  await signIn(page, "quality");
  await page.goto(url("/qc/adopt?control=nat-ct"));
  const choice = page.locator('input[name="choice"]').first();
  const [, , , mean, sd] = (await choice.getAttribute("value")).split("|");
  await choice.check({ force: true });
  await page.locator("#why").fill("The first twenty values, seen by the group");
  await page.locator("main form .btn-act").click();
  await expect(page).toHaveURL(url("/qc/adopt?control=nat-ct"));
  await expect(page.locator("main")).toContainText(`${mean} ± ${sd}`);
  // Another set of figures than the values give is refused; what was typed stands.
  const context = await browser.newContext();
  const other = await context.newPage();
  await dress(other, { language: "en" });
  await signIn(other, "quality");
  await other.goto(url("/qc/adopt?control=nat-ct"));
  // The page was open while somebody ran a control: its figures are no longer those of the values.
  const older = other.locator('input[name="choice"]').first();
  await older.evaluate((one) => { one.value = one.value.split("|").with(3, "1.00").join("|"); });
  await older.check({ force: true });
  await other.locator("#why").fill("From an older page");
  await other.locator("main form .btn-act").click();
  await expect(other.locator(".verdict-stop, .field-error").first()).toBeVisible();
  await expect(other.locator("#why")).toHaveValue("From an older page");
  await sound(other);
  await look(other, "qc-adopt-refused");
  await context.close();
});
