// Bags for the specs: labels no other spec has, and receiving one through the page.
import { expect, scan, signIn, url } from "./house.js";

let serial = (Date.now() % 80_000) * 10 + 100_000;

/** A label nobody has seen: the name of the bag and its symbols as a scanner types them. Expires in `days`. */
export function label({ group = "62", product = "E0336V00", days = 20 } = {}) {
  const din = `W000026${String(serial++).padStart(6, "0")}`;
  const at = new Date(Date.now() + days * 86_400_000);
  const day = Math.floor((Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) - Date.UTC(at.getFullYear(), 0, 0)) / 86_400_000);
  const expiry = `0${String(at.getFullYear() % 100).padStart(2, "0")}${String(day).padStart(3, "0")}2359`;
  return { din, name: `${din}-${product}`, symbols: { din: `=${din}00`, group: `=%${group}00`, product: `=<${product}`, expiry: `&>${expiry}` } };
}

/** Signs in as the first technologist; gives what the second needs to sign. */
export async function technologists(page) {
  await page.goto(url("/sign-in"));
  const second = page.locator('[data-fill-login][data-role="technologist"]').nth(1);
  const signature = { name: await second.getAttribute("data-fill-login"), password: await second.getAttribute("data-fill-password") };
  await signIn(page, "technologist");
  return signature;
}

/** Opens a delivery: what belongs to it, and its checker's one signature. One that is open already is ended first. */
export async function open(page, signature, { delivery = `D-${serial}`, temperature = "4.2", supplier = "省血液中心" } = {}) {
  await page.goto(url("/receipt"));
  const end = page.locator("form[action='/receipt/end'] [type=submit]");
  if (await end.count()) {
    await end.click();
    await page.goto(url("/receipt"));
  }
  await page.locator("#supplier").fill(supplier);
  await page.locator("#delivery").fill(delivery);
  await page.locator("#temperature").fill(temperature);
  await page.locator("#second_name").fill(signature.name);
  await page.locator("#second_password").fill(signature.password);
  await page.locator(".receipt-opening [type=submit]").click();
  await expect(page.locator("#scan-label")).toBeFocused();
}

/** Where the bags of this delivery go. */
export async function put(page, place = "fridge-1") {
  await page.locator("#place").fill(place);
  await page.locator("#scan-label").focus();
}

/** Every receipt check found good. */
export async function checkAll(page) {
  for (const [name, value] of [["appearance", "normal"], ["seal", "good"], ["label", "good"]]) await page.locator(`input[name=${name}][value=${value}] + span`).click();
}

/** The bag goes in; typed by hand, its checker signs for it alone. */
export async function take(page, signature) {
  if (signature) {
    await page.locator("#second_name").fill(signature.name);
    await page.locator("#second_password").fill(signature.password);
  }
  await page.locator("form.receipt-form [type=submit]").click();
}

/** Receives a bag by scanning; the page then shows its verdict. */
export async function receive(page, signature, bag, delivery) {
  await open(page, signature, delivery);
  await put(page, delivery?.place);
  for (const symbol of Object.values(bag.symbols)) await scan(page, symbol);
  await expect(page.locator("#label[data-complete]")).toBeVisible();
  await checkAll(page);
  await take(page);
  await expect(page.locator(".verdict")).toBeVisible();
}
