// Runs before the first paint: "auto" becomes what the device says, and paper is always light.
(() => {
  const root = document.documentElement;
  const night = matchMedia("(prefers-color-scheme: dark)");
  const chosen = root.dataset.theme;
  const set = (theme) => { root.dataset.bsTheme = theme; };
  const apply = () => set(chosen === "auto" ? (night.matches ? "dark" : "light") : chosen);
  apply();
  night.addEventListener("change", apply);
  addEventListener("beforeprint", () => set("light"));
  addEventListener("afterprint", apply);
})();
