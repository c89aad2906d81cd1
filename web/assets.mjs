// Copies the third-party assets that the pages use from node_modules into dist/, and draws the icons they name into one sprite.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const dist = join(here, "dist");

const files = {
  "echarts.js": "echarts/dist/echarts.common.min.js",
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "tabler.css": "@tabler/core/dist/css/tabler.min.css",
};

// Add an icon here by its Tabler name, then use it with the `icon` macro.
const icons = `
  alert-octagon alert-triangle arrow-right arrows-cross arrows-exchange barcode bed bell building-hospital building-warehouse
  certificate chart-dots chart-line check checkup-list chevron-left chevron-right circle-check clock contrast device-heart-monitor door-exit download droplet edit
  eye filter flag flask fridge heart-rate-monitor history info-circle language layout-dashboard link list-details lock logout map-pin
  microscope moon notebook package-import plus printer refresh scale scan search settings shield-check shield-lock signature
  stethoscope sun target test-pipe thermometer tool trash truck-delivery unlink user users x
`.trim().split(/\s+/);

mkdirSync(dist, { recursive: true });
for (const [name, source] of Object.entries(files)) copyFileSync(join(modules, source), join(dist, name));

const symbols = icons.map((name) => {
  const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const paths = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>")).replace(/<path stroke="none"[^>]*\/>/, "").replace(/\s+/g, " ").trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${paths}</symbol>`;
});
writeFileSync(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
