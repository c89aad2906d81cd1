// Antibody identification: a panel typed by single keys, columns struck out as one types, conclusion by one and verification by another, report, taking back.
import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

/** The open work-up of the demonstration. */
async function workbench(page) {
  await page.goto(url("/bench/identify"));
  const link = page.locator("a[href^='/identifications/']").first();
  const href = await link.getAttribute("href");
  await link.click();
  await expect(page.locator("#live")).toBeVisible();
  return href;
}

for (const view of VIEWS) {
  test(`the workbench strikes out what is excluded in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/bench/identify"));
    await sound(page);
    await look(page, "identify-room");
    await workbench(page);
    // The demonstration's reactions: anti-E with anti-Mur.
    await expect(page.locator("#live .derived-words")).toContainText("E");
    await expect(page.locator("#live .derived-words")).toContainText("Mur");
    await expect(page.locator("thead th[data-antigen=C]")).toHaveClass(/is-excluded/);
    await expect(page.locator("thead th[data-antigen=E]")).not.toHaveClass(/is-excluded/);
    await page.locator(".antigen[data-why=C]").focus();
    await expect(page.locator("#column-reason")).toContainText("C");
    await sound(page);
    await look(page, "identify-workbench");
    // The last reaction typed anew, without saving: the first cell reacts now, so C is no longer excluded by it alone.
    const grades = page.locator(".antigram [data-grade]");
    await grades.nth(0).focus();
    await page.keyboard.type("22");
    await expect(page.locator("thead th[data-antigen=C]")).not.toHaveClass(/is-excluded/);
    await look(page, "identify-typed");
    await page.goto(`${page.url().split("?")[0]}/report`);
    await sound(page);
    await look(page, "identify-report");
  });
}

test("an antigram that contradicts itself is refused with the cell and column", async ({ page }) => {
  await dress(page, { language: "en" });
  await signIn(page, "technologist");
  const lot = `PC-${Date.now()}`;
  await page.goto(url("/lots/new"));
  await page.locator("#lot").fill(lot);
  await page.locator("label:has(input[name=kind][value=cells])").click();
  await page.locator("#name").fill("Panel");
  await page.locator("#expires").fill("2099-01-01 00:00");
  await page.locator("main form[method=post] .btn-act").click();
  await page.goto(url(`/lots/antigram?lot=${lot}`));
  await page.locator("#antigram").fill("cell,label,D,C,c,E,e\n1,R1R1,1,1,0,0,1\n2,r'r,0,1,1,1,1");
  await page.locator("main form[method=post] .btn-act").click();
  await expect(page.locator("#antigram-error")).toContainText("2 r'r E");
  await page.locator("#antigram").fill("cell,label,D,C,c,E,e\n1,R1R1,1,0,0,0,1");
  await page.locator("main form[method=post] .btn-act").click();
  await expect(page.locator("#antigram-error")).toContainText("row 2");
  await sound(page);
  await look(page, "antigram-refused");
  await page.locator("#antigram").fill("cell\tlabel\tD\tC\tc\tE\te\n1\tR1R1\t1\t1\t0\t0\t1\n2\tr'r\t0\t1\t1\t\t1");
  await page.locator("main form[method=post] .btn-act").click();
  await expect(page).toHaveURL(url("/lots"));
});

test("one concludes, another verifies, and the antibody stands on the patient's file; two take it back", async ({ page }) => {
  await dress(page);
  await page.goto(url("/sign-in"));
  const senior = page.locator('[data-fill-login][data-role="senior"]').first();
  const second = { name: await senior.getAttribute("data-fill-login"), password: await senior.getAttribute("data-fill-password") };
  await signIn(page, "technologist");
  const href = await workbench(page);
  // One reaction corrected by the keyboard and saved: 3+ to 4+.
  await page.locator(".antigram [data-grade]").nth(2).focus();
  await page.keyboard.type("4");
  await page.locator(".identify-grid .btn-act").click();
  await expect(page.locator(".antigram [data-grade]").nth(2)).toHaveValue("4+");
  await expect(page.locator("input[name=antibody][value=E]")).toBeChecked();
  await expect(page.locator("input[name=antibody][value=Mur]")).toBeChecked();
  // What the cells do not show is asked about.
  await page.locator("input[name=antibody][value=Mur]").uncheck();
  await page.locator("form[action$='/conclude'] .btn-act").click();
  await expect(page.locator(".finding-source", { hasText: "reaction-unexplained" })).toBeVisible();
  await sound(page);
  await look(page, "identify-refused");
  await page.locator("input[name=antibody][value=Mur]").check();
  await page.locator("form[action$='/conclude'] .btn-act").click();
  await expect(page.locator(".identify-concluded")).toBeVisible();
  await expect(page.locator("form[action$='/verify']")).toHaveCount(0);
  await look(page, "identify-concluded");
  await signIn(page, "senior");
  await page.goto(url(href));
  await page.locator("form[action$='/verify'] .btn-act").click();
  await expect(page.locator("form[action$='/verify']")).toHaveCount(0);
  await expect(page.locator(".strip")).toContainText("Mur");
  await sound(page);
  await look(page, "identify-verified");
  const patient = await page.locator(".strip a[href^='/patients/P']").first().getAttribute("href");
  await signIn(page, "technologist");
  await page.goto(url(`${patient}/withdraw-antibody`));
  await page.locator("#antibody").selectOption("antigen:Mur");
  await page.locator("#why").fill("谱细胞贴错标签");
  await page.locator("#second_name").fill(second.name);
  await page.locator("#second_password").fill(second.password);
  await sound(page);
  await look(page, "withdraw-antibody");
  await page.locator("main form[method=post] .btn-act").click();
  await expect(page).toHaveURL(url(patient));
  await expect(page.locator(".strip")).not.toContainText("Mur");
  await page.goto(url(href));
  await expect(page.locator(".identify-concluded s")).toContainText("Mur");
});
