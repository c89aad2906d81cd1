import { defineConfig } from "@playwright/test";

/** Debian's Chromium, kept from calling home. */
const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export default defineConfig({
  testDir: "specs",
  outputDir: "test-results",
  // Files run beside each other, the specs of a file in their order: each file has a hospital of its own (hospital.js).
  workers: 2,
  timeout: 120_000,
  // A machine that builds beside the browser may be slow once; what fails twice is broken.
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
});
