// Blood by what it lacks, rare donors, platelets by what antibodies see, calculators found by name.
import { dress, expect, look, signIn, sound, test, url, VIEWS } from "../house.js";

test.setTimeout(120_000);

/** The first request whose page leads to an address. */
async function request(page, leadsTo) {
  await page.goto(url("/crossmatch"));
  const links = await page.locator("a[href^='/crossmatch/R']").evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute("href")))]);
  for (const href of links) {
    await page.goto(url(href));
    if (await page.locator(leadsTo).count()) return href;
  }
  throw new Error(`no request leads to ${leadsTo}`);
}

for (const view of VIEWS) {
  test(`antigen-negative blood on the shelf, among donors, and how many to screen in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/stock/search?antigens=E+c+Mur&group=B%2B&units=4"));
    await expect(page.locator("tr.proposed").first()).toBeVisible();
    // Rh by haplotypes, Mur beside it: c−E−Mur− is about 41 %, 17 donors for 95 %.
    await expect(page.locator("main")).toContainText("44 %");
    await expect(page.locator("ul.plain li").last()).toContainText("17");
    await sound(page);
    await look(page, "search");
    await page.goto(url("/stock/search?antigens=Foo"));
    await expect(page.locator("#antigens-error")).toContainText("Foo");
    await sound(page);
    await look(page, "search-wrong");
    await request(page, "a[href^='/stock/search?request=']");
    await page.locator("a[href^='/stock/search?request=']").click();
    await expect(page.locator("#group")).not.toHaveValue("");
  });

  test(`platelets are ranked by what antibodies see in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    await request(page, "a[href$='/platelets']");
    await page.locator("a[href$='/platelets']").click();
    await expect(page.locator("main")).toContainText("A2 12400");
    await expect(page.locator("tbody tr").first()).toBeVisible();
    await sound(page);
    await look(page, "platelets");
  });

  test(`a wrong registry row is named and nothing is taken in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "technologist");
    await page.goto(url("/stock/donors"));
    await page.locator("#source").fill("省血液中心");
    await page.locator("#donors").fill("donor,group,Jka,C,c\nR1,O+,0,,\nR1,A+,0,0,0\nR3,Q,7,,");
    await page.locator("main .btn-act").click();
    await expect(page.locator("#donors-error")).toContainText("3");
    await expect(page.locator("#donors-error")).toContainText("group");
    await sound(page);
    await look(page, "donors-refused");
  });

  test(`calculators are found by name in ${view.name}`, async ({ page }) => {
    await dress(page, view);
    await signIn(page, "clinician");
    for (const [asked, name] of [["CCI", "platelet_cci"], ["Ganzoni", "iron_deficit_ganzoni"], ["缺铁", "iron_deficit_ganzoni"]]) {
      await page.goto(url(`/find?q=${encodeURIComponent(asked)}`));
      await expect(page).toHaveURL(url(`/clinical/calculators/${name}`));
    }
  });
}
