// Draws a monitor of patients' values from its table, which stays the full answer: the values as points, the statistic as a line, its limits dashed,
// signals as diamonds.
(() => {
  const figure = document.querySelector("[data-monitor]");
  const table = figure && document.getElementById(figure.dataset.monitor);
  if (!table || !window.echarts) return;
  const { dataset } = figure;
  const rows = [...table.tBodies[0].rows];
  const read = (text) => (text === "" || text === undefined ? null : Number(text));
  const chart = echarts.init(figure, null, { renderer: "canvas" });
  const draw = (paper) => {
    const ink = paper ? "#000" : getComputedStyle(document.body).color;
    const across = [["target", "solid"], ["lower", "dashed"], ["upper", "dashed"]]
      .filter(([name]) => dataset[name] !== "")
      .map(([name, type]) => ({ yAxis: Number(dataset[name]), lineStyle: { type, color: ink, opacity: 0.7 }, label: { formatter: dataset[name], position: "end", color: ink } }));
    const signals = rows.map((row) => (row.dataset.signal ? read(row.dataset.statistic) : null));
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      // Okabe and Ito: told apart with every common colour vision, and by their shapes.
      color: paper ? ["#666", "#000", "#000"] : ["#56b4e9", "#0072b2", "#d55e00"],
      grid: { left: 52, right: 48, top: 44, bottom: 32 },
      legend: { top: 0, textStyle: { color: ink } },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true },
      xAxis: { type: "category", data: rows.map((row) => row.dataset.label), axisLabel: { color: ink, hideOverlap: true } },
      yAxis: { type: "value", scale: true, name: dataset.unit, nameTextStyle: { color: ink }, axisLabel: { color: ink }, splitLine: { show: false } },
      series: [
        { name: dataset.wordValue, type: "scatter", symbol: "emptyCircle", symbolSize: 6, data: rows.map((row) => read(row.dataset.value)) },
        { name: dataset.wordStatistic, type: "line", showSymbol: false, lineStyle: { width: 2.5 }, data: rows.map((row) => read(row.dataset.statistic)), markLine: { silent: true, symbol: "none", data: across } },
        { name: dataset.wordSignal, type: "scatter", symbol: "diamond", symbolSize: 12, data: signals },
      ],
    }, true);
    dataset.drawn = String(rows.length);
  };
  draw(false);
  chart.on("click", (event) => { const row = rows[event.dataIndex]; if (row) location.href = row.dataset.href; });
  addEventListener("resize", () => chart.resize());
  addEventListener("beforeprint", () => { chart.resize(); draw(true); });
  addEventListener("afterprint", () => draw(false));
})();
