// Charts of measured controls. Points differ by shape as well as colour; beyond MANY points the line is sampled and only what is not
// in control keeps its own mark.
(() => {
  const figure = document.getElementById("qc-figure");
  if (!figure || !window.echarts) return;
  const MANY = 3000;
  const SHAPES = { accepted: "circle", warning: "triangle", rejected: "diamond", establishing: "emptyCircle" };
  // Okabe and Ito: told apart with every common colour vision.
  const COLOURS = ["#0072b2", "#009e73", "#cc79a7", "#56b4e9"];
  const MARKS = { warning: "#e69f00", rejected: "#d55e00", establishing: "#777777" };
  const [AT, VALUE, Z, VERDICT, RUN, LOT, RULES, NOTE] = [0, 1, 2, 3, 4, 5, 6, 7];
  const ink = getComputedStyle(document.body).color;
  const chart = echarts.init(figure, null, { renderer: "canvas" });
  const word = (verdict) => figure.dataset[`word${verdict[0].toUpperCase()}${verdict.slice(1)}`] ?? verdict;
  const time = (ms) => new Date(ms).toLocaleString(document.documentElement.lang, { hour12: false });
  const story = (point, name) => [`${name}  ${time(point[AT])}`, `${point[VALUE]} ${figure.dataset.unit}  z ${point[Z] ?? "-"}`, `${word(point[VERDICT])} ${point[RULES]}`, `${figure.dataset.wordRun} ${point[RUN]}  ${figure.dataset.wordLot} ${point[LOT]}`, point[NOTE]].filter(Boolean).join("\n");
  const line = (y, words, dash) => ({ yAxis: y, lineStyle: { type: dash, color: ink, opacity: 0.6 }, label: { formatter: words, position: "end", color: ink } });
  const bands = (mean, sd) => [line(mean, "x̄", "solid"), ...[1, 2, 3].flatMap((n) => [line(mean + n * sd, `+${n}s`, n === 3 ? "solid" : "dashed"), line(mean - n * sd, `−${n}s`, n === 3 ? "solid" : "dashed")])];
  const marks = (data) => ({ silent: true, symbol: "none", animation: false, data });

  const plotted = (levels, kind) => levels.flatMap((level, at) => {
    const y = kind === "lj" ? VALUE : Z;
    let sum = 0;
    const value = (point) => (kind === "cusum" ? (sum += point[Z] ?? 0) : point[y]);
    const data = level.points.filter((point) => kind === "lj" || point[Z] !== null).map((point) => ({ value: [point[AT], value(point)], point }));
    const many = data.length > MANY;
    const out = data.filter((one) => one.point[VERDICT] !== "accepted").map((one) => ({ ...one, symbol: SHAPES[one.point[VERDICT]], itemStyle: { color: MARKS[one.point[VERDICT]] } }));
    const limits = kind === "lj" ? (level.sd ? bands(level.mean, level.sd) : []) : at > 0 ? [] : kind === "z" ? bands(0, 1) : [line(0, "0", "solid")];
    const axis = kind === "lj" ? { xAxisIndex: at, yAxisIndex: at } : {};
    const colour = COLOURS[at % COLOURS.length];
    return [
      { name: level.name, type: "line", ...axis, data: many ? data.map((one) => one.value) : data, showSymbol: !many, symbol: at === 1 && kind !== "lj" ? "rect" : "circle", symbolSize: 6, sampling: many ? "lttb" : undefined, itemStyle: { color: colour }, lineStyle: { width: 1.5, color: colour, type: at === 1 && kind !== "lj" ? "dashed" : "solid" }, markLine: marks(limits) },
      { name: level.name, type: "scatter", ...axis, data: out, symbolSize: 11, z: 5, large: false },
    ];
  });

  const youden = (levels) => {
    const [first, second] = levels;
    const other = new Map((second?.points ?? []).map((point) => [point[RUN], point]));
    const data = (first?.points ?? []).filter((point) => point[Z] !== null && other.get(point[RUN])?.[Z] != null).map((point) => {
      const pair = other.get(point[RUN]);
      const worst = [point, pair].find((one) => one[VERDICT] === "rejected") ?? [point, pair].find((one) => one[VERDICT] === "warning") ?? point;
      return { value: [point[Z], pair[Z]], point: worst, symbol: SHAPES[worst[VERDICT]], itemStyle: { color: MARKS[worst[VERDICT]] ?? COLOURS[0] } };
    });
    const cross = [-3, -2, 2, 3].flatMap((n) => [line(n, `${n}s`, "dashed"), { xAxis: n, lineStyle: { type: "dashed", color: ink, opacity: 0.6 }, label: { formatter: `${n}s`, color: ink } }]);
    return [{ name: `${first?.name} / ${second?.name ?? "-"}`, type: "scatter", symbolSize: 9, data, large: data.length > MANY, markLine: marks(cross) }];
  };

  const draw = (levels) => {
    const kind = figure.dataset.kind;
    const split = kind === "lj" ? levels.length : 1;
    figure.classList.toggle("qc-chart-tall", split > 1);
    const across = (make) => Array.from({ length: split }, (_, at) => make(at));
    const height = 84 / split;
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: across((at) => ({ left: 64, right: 56, top: `${8 + at * height}%`, height: `${height - 10}%` })),
      legend: { top: 0, textStyle: { color: ink }, data: kind === "youden" ? undefined : levels.map((level) => level.name) },
      tooltip: { trigger: "item", renderMode: "richText", confine: true, formatter: ({ data, seriesName, value }) => (data?.point ? story(data.point, seriesName) : `${seriesName}  ${time(value[0])}\n${value[1]}`) },
      xAxis: across((at) => ({ type: kind === "youden" ? "value" : "time", gridIndex: at, axisLabel: { color: ink }, splitLine: { show: false } })),
      yAxis: across((at) => ({ type: "value", scale: true, gridIndex: at, name: kind === "lj" ? figure.dataset.unit : kind === "cusum" ? "Σz" : "z", axisLabel: { color: ink }, splitLine: { show: false } })),
      dataZoom: kind === "youden" ? [] : [{ type: "inside", xAxisIndex: across((at) => at) }, { type: "slider", xAxisIndex: across((at) => at), bottom: 4, height: 18 }],
      series: kind === "youden" ? youden(levels) : plotted(levels, kind),
    }, true);
    figure.dataset.drawn = String(levels.reduce((sum, level) => sum + level.points.length, 0));
  };

  chart.on("click", ({ data }) => { if (data?.point) location.assign(`/qc/runs/${data.point[RUN]}`); });
  fetch(figure.dataset.points, { headers: { accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : [])).then(draw).catch(() => { figure.hidden = true; });
  addEventListener("resize", () => chart.resize());
  addEventListener("beforeprint", () => chart.resize());
  document.querySelector("[data-print]")?.addEventListener("click", () => print());
})();
