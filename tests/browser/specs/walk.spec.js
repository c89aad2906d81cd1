// README's ten steps, as a newcomer reads them: patient 20260001, from the doctor's request to the auditor's proof.
import { dress, expect, look, sound, test, url, VIEWS } from "../house.js";

const PASSWORD = "lifeline-demo";
const WORDS = {
  en: { clinical: "Clinical", crossmatch: "Crossmatch", issue: "Issue", fresh: "New request", cells: /^Red cells/, surgery: "Surgery", accept: "Accept", prove: "Prove the chain", proved: "The journal is what was written", may: "May issue" },
  "zh-CN": { clinical: "临床用血", crossmatch: "交叉配血", issue: "发血", fresh: "新申请", cells: /^红细胞/, surgery: "手术", accept: "接收", prove: "校验日志链", proved: null, may: "可发" },
};

/** Signs in by name, as the sign-in page of the demonstration offers it; whoever was there leaves first. */
async function come(page, view, login) {
  await page.context().clearCookies();
  await dress(page, view);
  await page.goto(url("/sign-in"));
  await page.locator(`[data-fill-login="${login}"]`).click();
  await page.locator("form[action='/sign-in'] [type=submit]").click();
  await expect(page.locator("header.top .menu")).toBeVisible();
}

/** By the rail, as a person goes. */
const room = (page, words) => page.locator("nav.rail a", { hasText: new RegExp(`^\\s*${words}\\s*$`) }).click();

for (const view of VIEWS) {
  test(`README's ten steps in ${view.name}`, async ({ page }) => {
    test.setTimeout(180_000);
    const words = WORDS[view.language];
    // 1. The doctor asks for blood.
    await come(page, view, "sun");
    await room(page, words.clinical);
    await page.getByRole("link", { name: words.fresh }).click();
    await page.locator("#patient").fill("20260001");
    await page.keyboard.press("Enter");
    await expect(page.locator("#component")).toBeVisible();
    await sound(page);
    await page.locator("#component").selectOption({ label: (await page.locator("#component option").allTextContents()).find((text) => words.cells.test(text)) });
    await page.locator("#amount").fill("2");
    await page.locator("#indication").selectOption({ label: words.surgery });
    await page.locator("#hb_g_l").fill("68");
    await look(page, "walk-1-request");
    await page.locator("main form[method=post] .btn-act").click();
    await expect(page).toHaveURL(/\/clinical\/requests\/R\d+$/);
    const request = page.url().split("/").pop();
    // 2. The technologist sees it on the board, with a clock.
    await come(page, view, "chen");
    await expect(page).toHaveURL(url("/board"));
    const line = page.locator("#board-requests tr", { hasText: request });
    await look(page, "walk-2-board");
    await expect(line.locator("[data-due]")).toBeVisible();
    // 3. Opens and accepts it.
    await page.goto(url(`/clinical/requests/${request}`));
    await page.getByRole("button", { name: words.accept, exact: true }).click();
    await expect(page.getByRole("button", { name: words.accept, exact: true })).toHaveCount(0);
    await look(page, "walk-3-accepted");
    // 4. Reserves the first suitable bag: of the patient's own group.
    await room(page, words.crossmatch);
    await page.locator(`tr[data-href="/crossmatch/${request}"] a`).first().click();
    await look(page, "walk-4-choose");
    await page.locator("form[action$='/reserve'] button").first().click();
    await expect(page.locator("#record")).toBeVisible();
    const unit = await page.locator("#record [name=unit]").inputValue();
    // 5. Reads the crossmatch: one method, two keys.
    await page.locator("#lots").fill("AHG-2611");
    await page.locator("#major").focus();
    await page.keyboard.type("00");
    await look(page, "walk-5-read");
    await page.locator("#record [type=submit]").click();
    await expect(page.locator("#record .field-error, .verdict-stop")).toHaveCount(0);
    // 6. Another person reviews it.
    await come(page, view, "wang");
    await room(page, words.crossmatch);
    await look(page, "walk-6-review");
    await page.locator(`form[action='/crossmatch/${request}/review'] button`).first().click();
    // 7. The issue window: the unit and the request; the verdict is green.
    await room(page, words.issue);
    await page.locator("#unit").fill(unit);
    await page.locator("#request").fill(request);
    await page.locator("main form .btn-act").first().click();
    // The first bag is the first to expire: green, or amber with one reason. Never red.
    await expect(page.locator(".verdict-good, .verdict-warn").first()).toBeVisible();
    const reasons = page.locator("input[name^='reason.']");
    if (await reasons.count()) {
      await expect(reasons).toHaveCount(1);
      await expect(page.locator("input[name='reason.unit-near-expiry']")).toBeVisible();
      await reasons.fill("先到期先用");
    } else await expect(page.locator(".verdict-good")).toContainText(words.may);
    await sound(page);
    await look(page, "walk-7-verdict");
    // 8. Label read back, collector, appearance, second person.
    await page.locator("#label_unit").fill(unit);
    await page.locator("#label_patient").fill("20260001");
    await page.locator("#collector").fill("he");
    await page.locator("#destination").fill("ward-surgery");
    await page.locator("#second_name").fill("chen");
    await page.locator("#second_password").fill(PASSWORD);
    await page.locator("form[action='/issue/new'][method=post] .btn-act").click();
    await expect(page).toHaveURL(/\/issue\/I\d+$/);
    const issue = page.url().split("/").pop();
    // 9. The slip; then the ward receives, starts, and records the fate.
    await page.goto(url(`/issue/${issue}/slip`));
    await look(page, "walk-9-slip");
    await come(page, view, "he");
    await page.goto(url("/ward"));
    await page.locator(`tr[data-href="/ward/${issue}"] a`).first().click();
    await page.locator(".btn-act").first().click();
    await page.locator("#wristband").fill("20260001");
    await page.locator("form[action$='/start'] .btn-act").click();
    await expect(page.locator("#started")).toBeVisible();
    await page.locator("label:has(input[name=reaction][value=good])").click();
    await look(page, "walk-9-fate");
    await page.locator("form[action$='/fate'] .btn-act").click();
    await expect(page.locator("#started")).toHaveCount(0);
    // 10. The bag's life on one page; the auditor proves the journal.
    await come(page, view, "shen");
    await page.goto(url(`/units/${unit}`));
    await expect(page.locator("a[href^='/journal/']").first()).toBeVisible();
    await look(page, "walk-10-life");
    await page.goto(url("/journal"));
    await page.getByRole("button", { name: words.prove }).click();
    if (words.proved) await expect(page.getByText(words.proved)).toBeVisible({ timeout: 30_000 });
    await look(page, "walk-10-proof");
  });
}
