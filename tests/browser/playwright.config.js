import { defineConfig } from "@playwright/test";

/** Debian's Chromium, kept from calling home. */
const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export default defineConfig({
  testDir: "specs",
  outputDir: "test-results",
  globalSetup: "./hospital.js",
  // One demonstration hospital serves all specs; a spec that changes what others see makes its own patients and units.
  workers: 1,
  timeout: 60_000,
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
