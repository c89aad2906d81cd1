// Draws the trend of a programme from its table, which stays the full answer: lines differ by symbol and dash, not by colour alone.
(() => {
  const figure = document.querySelector("[data-trend]");
  const table = figure && document.getElementById(figure.dataset.trend);
  if (!table || !window.echarts) return;
  const rows = [...table.tBodies[0].rows];
  const labels = rows.map((row) => row.dataset.label);
  const read = (text) => (text === "" ? null : Number(text));
  const symbols = ["rect", "triangle", "diamond", "roundRect", "arrow", "pin"];
  const dashes = ["dashed", "dotted", [8, 3, 2, 3], [2, 6], [12, 4], [4, 2]];
  const style = getComputedStyle(document.body);
  const ink = style.color;
  const series = [{
    name: figure.dataset.scoreWords, type: "line", symbol: "circle", symbolSize: 9, lineStyle: { width: 3 },
    data: rows.map((row) => ({ value: read(row.dataset.score), symbol: row.dataset.good === "good" ? "circle" : "emptyCircle" })),
    markLine: { silent: true, symbol: "none", lineStyle: { type: "dashed", color: ink }, label: { formatter: `${figure.dataset.passWords} {c}`, position: "insideEndTop", color: ink }, data: [{ yAxis: Number(figure.dataset.pass) }] },
  }];
  const items = rows.length ? [...rows[0].querySelectorAll("[data-item]")].map((cell) => cell.dataset.item) : [];
  items.forEach((item, at) => series.push({
    name: item, type: "line", symbol: symbols[at % symbols.length], symbolSize: 7, connectNulls: true, lineStyle: { width: 1.5, type: dashes[at % dashes.length] },
    data: rows.map((row) => read(row.querySelectorAll("[data-item]")[at].dataset.value)),
  }));
  const chart = echarts.init(figure, null, { renderer: "canvas" });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: style.fontFamily },
    // Okabe and Ito: told apart with every common colour vision.
    color: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999933"],
    grid: { left: 48, right: 24, top: 48, bottom: 40 },
    legend: { top: 0, textStyle: { color: ink } },
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "category", data: labels, axisLabel: { color: ink } },
    yAxis: { type: "value", min: 0, max: 100, axisLabel: { color: ink } },
    series,
  });
  chart.on("click", (event) => { const row = rows[event.dataIndex]; if (row) location.href = row.dataset.href; });
  addEventListener("resize", () => chart.resize());
  addEventListener("beforeprint", () => chart.resize());
})();
