// Charts of measured controls. Points come in columns and go to the chart as typed arrays, so that a hundred thousand are drawn at once; what is
// not plainly in control keeps a mark of its own shape. The keyboard walks the points; the story of the one under it stands below the chart.
(() => {
  const figure = document.getElementById("qc-figure");
  if (!figure || !window.echarts) return;
  const FEW = 2000; // up to here every point has its symbol; beyond, the line is thinned to what a screen can show
  const SHAPES = { a: "circle", w: "triangle", r: "diamond", e: "emptyCircle" };
  // Okabe and Ito: told apart with every common colour vision. Levels differ by dash and symbol as well.
  const COLOURS = ["#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#8c6d31", "#000000"];
  const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 6], [12, 4]];
  const SYMBOLS = ["circle", "rect", "roundRect", "circle", "rect", "roundRect"];
  const MARKS = { w: "#e69f00", r: "#d55e00", e: "#777777" };
  const { dataset } = figure;
  const kind = dataset.kind;
  const chart = echarts.init(figure, null, { renderer: "canvas" });
  let levels = [];
  let given = {};
  let at = null; // the point under the keyboard: level and place
  let paper = false;

  const two = (n) => String(n).padStart(2, "0");
  const time = (seconds) => { const d = new Date(seconds * 1000); return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`; };
  const run = (number) => { const digits = String(number); return digits.length < dataset.zero.length ? dataset.zero.slice(0, -digits.length) + digits : dataset.zero[0] + digits; };
  const bandAt = (level, i) => { let found = null; for (const band of level.bands) { if (band.from > i) break; found = band; } return found; };

  // --- From what travelled to what is drawn: sums of differences, and the height of each point on this chart. ---
  const unfold = (level) => {
    const n = level.at.length;
    level.runs = new Float64Array(n);
    level.x = new Float64Array(n);
    level.y = new Float64Array(n);
    const ys = { lj: level.value, cusum: level.plus }[kind] ?? level.z;
    let x = 0;
    let number = 0;
    for (let i = 0; i < n; i += 1) {
      level.x[i] = x += level.at[i];
      level.runs[i] = number += level.run[i];
      level.y[i] = ys[i] ?? NaN;
    }
    return level;
  };
  const pairs = (xs, ys, scale = 1000) => { const out = new Float64Array(xs.length * 2); for (let i = 0; i < xs.length; i += 1) { out[2 * i] = xs[i] * scale; out[2 * i + 1] = ys[i]; } return out; };
  const only = (places, xs, ys, scale = 1000) => { const out = new Float64Array(places.length * 2); places.forEach((i, to) => { out[2 * to] = xs[i] * scale; out[2 * to + 1] = ys[i]; }); return out; };
  const marked = (level) => { const found = { w: [], r: [], e: [] }; for (let i = 0; i < level.verdict.length; i += 1) found[level.verdict[i]]?.push(i); return found; };

  const story = (level, i) => {
    const band = bandAt(level, i);
    return [
      `${level.name}  ${time(level.x[i])}`,
      `${level.value[i]} ${dataset.unit}`.trim() + (level.z[i] === null ? "" : `  z ${level.z[i]}`) + (band ? `  ${dataset.wordLimits} ${band.mean} ± ${band.sd}` : ""),
      `${dataset[`word${level.verdict[i].toUpperCase()}`]}  ${level.rules[i] ?? ""}`.trim(),
      `${run(level.runs[i])}  ${dataset.wordLot} ${given.lots[level.lot[i]]}  ${dataset.wordBy} ${given.people[level.who[i]]}`,
      level.notes[i],
    ].filter(Boolean);
  };

  // --- The picture. ---
  const colours = () => (paper ? { ink: "#000", shade: "rgba(0,0,0,.06)" } : { ink: getComputedStyle(document.body).color, shade: "rgba(120,140,160,.14)" });
  const rule = (ink, from, to, y, words, type, width = 1) => [
    { coord: [from, y], symbol: "none", lineStyle: { type, width, color: ink, opacity: 0.75 }, label: { show: Boolean(words), opacity: 1, formatter: words, position: "end", color: ink } },
    { coord: [to, y], symbol: "none" },
  ];
  const across = (ink, y, words, type, width) => ({ yAxis: y, lineStyle: { type, width, color: ink, opacity: 0.65 }, label: { formatter: words, position: "end", color: ink } });
  const still = (data) => ({ silent: true, symbol: "none", animation: false, data });
  // Mean and 1, 2, 3 SD of every stretch with its own limits; only the last has words.
  const bands = (ink, level) => level.bands.slice(-40).flatMap((band, place, all) => {
    const last = place === all.length - 1;
    const from = level.x[band.from] * 1000;
    const to = (last ? level.x.at(-1) : level.x[all[place + 1].from]) * 1000;
    const line = (n) => rule(ink, from, to, band.mean + n * band.sd, last ? (n === 0 ? "x̄" : `${n > 0 ? "+" : "−"}${Math.abs(n)}s`) : "", Math.abs(n) === 3 || n === 0 ? "solid" : "dashed", n === 0 ? 2 : 1);
    return [0, 1, -1, 2, -2, 3, -3].map(line);
  });
  const shades = (shade, level) => still(level.bands.slice(-40).map((band, place, all) => [
    { coord: [level.x[band.from] * 1000, band.mean - 2 * band.sd], itemStyle: { color: shade } },
    { coord: [(place === all.length - 1 ? level.x.at(-1) : level.x[all[place + 1].from]) * 1000, band.mean + 2 * band.sd] },
  ]));

  const lines = () => {
    const { ink, shade } = colours();
    return levels.flatMap((level, place) => {
      const split = kind === "lj";
      const axis = split ? { xAxisIndex: place, yAxisIndex: place } : {};
      const many = level.x.length > FEW;
      const colour = paper ? "#000" : COLOURS[place % COLOURS.length];
      const shape = { color: colour, width: 1.5, type: split ? "solid" : DASHES[place % DASHES.length] };
      const line = (name, ys, more) => ({ name, type: "line", ...axis, dimensions: ["x", "y"], data: pairs(level.x, ys), showSymbol: !many, symbol: split ? "circle" : SYMBOLS[place % SYMBOLS.length], symbolSize: 6, sampling: many ? "lttb" : undefined, itemStyle: { color: colour }, lineStyle: shape, emphasis: { disabled: true }, level: place, ...more });
      const first = place === 0;
      const limits = { lj: () => bands(ink, level), z: () => (first ? [0, 1, -1, 2, -2, 3, -3].map((n) => across(ink, n, n === 0 ? "0" : `${n > 0 ? "+" : "−"}${Math.abs(n)}s`, Math.abs(n) === 3 || n === 0 ? "solid" : "dashed", n === 0 ? 2 : 1)) : []), cusum: () => (first ? [across(ink, 0, "0", "solid", 2), across(ink, given.limit, `h ${given.limit}`, "dashed", 1), across(ink, -given.limit, `−h`, "dashed", 1)] : []) }[kind]();
      const drawn = [line(level.name, level.y, { markLine: still(limits), markArea: split ? shades(shade, level) : undefined })];
      if (kind === "cusum") drawn.push(line(level.name, Float64Array.from(level.minus), {}));
      if (kind !== "cusum") {
        for (const [verdict, places] of Object.entries(marked(level))) {
          if (places.length) drawn.push({ name: level.name, type: "scatter", ...axis, dimensions: ["x", "y"], data: only(places, level.x, level.y), symbol: SHAPES[verdict], symbolSize: (verdict === "r" ? 13 : 11) - (places.length > 200 ? 5 : 0), itemStyle: { color: paper ? "#000" : MARKS[verdict] }, z: 5, large: places.length > FEW, largeThreshold: FEW, silent: true, emphasis: { disabled: true }, tooltip: { show: false } });
        }
      }
      return drawn;
    });
  };

  // Two levels of one run against each other, in SD.
  let crossed = [];
  const youden = () => {
    const { ink } = colours();
    const [first, second] = levels;
    if (!second) return [];
    const other = new Map();
    second.runs.forEach((number, i) => other.set(number, i));
    crossed = [];
    first.runs.forEach((number, i) => { const j = other.get(number); if (j !== undefined && first.z[i] !== null && second.z[j] !== null) crossed.push([i, j]); });
    const worst = ([i, j]) => ["r", "e", "w"].find((letter) => first.verdict[i] === letter || second.verdict[j] === letter) ?? "a";
    const groups = { a: [], w: [], r: [], e: [] };
    crossed.forEach((pair, place) => groups[worst(pair)].push(place));
    const cross = [-3, -2, 0, 2, 3].flatMap((n) => [across(ink, n, n === 0 ? "" : `${n > 0 ? "+" : "−"}${Math.abs(n)}s`, n === 0 ? "solid" : "dashed", 1), { xAxis: n, lineStyle: { type: n === 0 ? "solid" : "dashed", color: ink, opacity: 0.65 }, label: { formatter: n === 0 ? "" : `${n > 0 ? "+" : "−"}${Math.abs(n)}s`, color: ink } }]);
    return Object.entries(groups).map(([letter, places], place) => {
      const data = new Float64Array(places.length * 2);
      places.forEach((of, to) => { data[2 * to] = first.z[crossed[of][0]]; data[2 * to + 1] = second.z[crossed[of][1]]; });
      return { name: dataset[`word${letter.toUpperCase()}`], type: "scatter", dimensions: ["x", "y"], data, places, symbol: SHAPES[letter], symbolSize: letter === "a" ? 7 : 12, itemStyle: { color: paper ? "#000" : MARKS[letter] ?? COLOURS[0] }, large: places.length > FEW, largeThreshold: FEW, markLine: place === 0 ? still(cross) : undefined, emphasis: { disabled: true } };
    });
  };

  // The place of a series among the levels, and of its point among the level's.
  let series = [];
  const placed = ({ seriesIndex, dataIndex }) => {
    const one = series[seriesIndex];
    if (kind === "youden") { const pair = crossed[one?.places?.[dataIndex]]; return pair ? [[0, pair[0]], [1, pair[1]]] : []; }
    return one?.type === "line" ? [[one.level, dataIndex]] : [];
  };
  const told = (params) => [params].flat().flatMap(placed).map(([place, i]) => story(levels[place], i).join("\n")).filter((text, place, all) => all.indexOf(text) === place).join("\n\n");

  const draw = () => {
    const { ink } = colours();
    const split = kind === "lj" ? levels.length : 1;
    figure.classList.toggle("qc-chart-tall", split > 1);
    chart.resize();
    const lone = kind === "youden" && levels.length < 2;
    const each = (make) => Array.from({ length: split }, (_, place) => make(place));
    const top = levels.length > 1 || kind === "youden" ? 34 : 20;
    const foot = kind === "youden" ? 44 : paper ? 26 : 56;
    const room = (figure.clientHeight - top - foot) / split;
    const axis = { axisLabel: { color: ink, hideOverlap: true, showMinLabel: false, showMaxLabel: false }, axisLine: { lineStyle: { color: ink } }, splitLine: { show: false } };
    const named = (name) => ({ name, nameTextStyle: { color: ink } });
    series = kind === "youden" ? youden() : lines();
    chart.setOption({
      animation: false,
      useUTC: true,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      title: lone ? { text: dataset.wordSingle, left: "center", top: "middle", textStyle: { color: ink, fontSize: 15 } } : undefined,
      grid: each((place) => ({ left: 58, right: 44, top: top + place * room + (split > 1 ? 18 : 6), height: room - (split > 1 ? 34 : 10) })),
      legend: { show: top > 20, top: 0, textStyle: { color: ink }, data: kind === "youden" ? undefined : levels.map((level) => level.name) },
      tooltip: { show: !paper, trigger: kind === "youden" ? "item" : "axis", renderMode: "richText", confine: true, transitionDuration: 0, formatter: told },
      axisPointer: kind === "youden" || paper ? undefined : { link: [{ xAxisIndex: "all" }], lineStyle: { color: ink } },
      xAxis: each((place) => (kind === "youden" ? { type: "value", min: (x) => Math.min(-3.5, x.min), max: (x) => Math.max(3.5, x.max), ...named(levels[0]?.name), nameLocation: "middle", nameGap: 26, ...axis } : { type: "time", gridIndex: place, ...axis, axisLabel: { ...axis.axisLabel, show: place === split - 1, formatter: { year: "{yyyy}", month: "{yyyy}-{MM}", day: "{MM}-{dd}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" } } })),
      yAxis: each((place) => ({ type: "value", scale: true, gridIndex: place, ...axis, ...(kind === "youden" ? { min: (y) => Math.min(-3.5, y.min), max: (y) => Math.max(3.5, y.max), ...named(levels[1]?.name), nameLocation: "middle", nameGap: 36 } : kind === "lj" ? { ...named([split > 1 ? levels[place].name : "", dataset.unit].filter(Boolean).join(" ")), ...reach(levels[place]) } : { ...named(kind === "cusum" ? "S⁺ S⁻" : "z"), min: (y) => Math.min(kind === "cusum" ? -given.limit : -3.3, y.min), max: (y) => Math.max(kind === "cusum" ? given.limit : 3.3, y.max) }) })),
      dataZoom: kind === "youden" ? [] : [{ type: "inside", xAxisIndex: each((place) => place), zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false }, ...(paper ? [] : [{ type: "slider", xAxisIndex: each((place) => place), bottom: 6, height: 20, showDataShadow: false, textStyle: { color: ink }, labelFormatter: (ms) => time(ms / 1000).slice(0, 10) }])],
      series: series.map(({ level: _level, places: _places, ...one }) => one),
    }, true);
    show();
  };
  // The bands are always in sight, whatever the points do.
  const reach = (level) => {
    const band = level.bands.at(-1);
    return band ? { min: (y) => Math.min(y.min, band.mean - 3.3 * band.sd), max: (y) => Math.max(y.max, band.mean + 3.3 * band.sd), axisLabel: { color: colours().ink, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: (v) => String(Number(v.toPrecision(6))) } } : {};
  };

  // --- The story of one point: under the chart for the keyboard and after a click. ---
  const cursor = document.createElement("span");
  cursor.className = "qc-cursor";
  cursor.hidden = true;
  figure.append(cursor);
  const box = document.getElementById("qc-story");
  const show = () => {
    cursor.hidden = true;
    if (!at || paper) return;
    const level = levels[at.level];
    const spot = kind === "youden" ? null : chart.convertToPixel({ seriesIndex: series.findIndex((one) => one.level === at.level) }, [level.x[at.i] * 1000, level.y[at.i]]);
    if (spot && spot.every(Number.isFinite)) {
      cursor.hidden = false;
      cursor.style.left = `${spot[0]}px`;
      cursor.style.top = `${spot[1]}px`;
    }
    const name = run(level.runs[at.i]);
    box.hidden = false;
    box.querySelector("p").textContent = story(level, at.i).join(" · ");
    const link = (which, href) => { const node = box.querySelector(`[data-story="${which}"]`); if (node) { node.hidden = !href; if (href) node.href = href; } };
    link("run", `/qc/runs/${name}`);
    link("note", `/qc/runs/${name}/note?level=${encodeURIComponent(level.code)}&chart=1`);
    link("journal", `/journal?subject=${encodeURIComponent(`run:${name}`)}`);
    link("case", level.cases[at.i] ? `/qc/cases/${level.cases[at.i]}` : "");
  };
  const go = (level, i) => { at = { level, i: Math.max(0, Math.min(levels[level].x.length - 1, i)) }; show(); };
  chart.getZr().on("click", (event) => {
    if (kind === "youden") return;
    // The nearest point in time of the grid that was clicked.
    const split = kind === "lj" ? levels.length : 1;
    for (let place = 0; place < split; place += 1) {
      const finder = { gridIndex: place };
      if (!chart.containPixel(finder, [event.offsetX, event.offsetY])) continue;
      const [ms, y] = chart.convertFromPixel(finder, [event.offsetX, event.offsetY]);
      const near = (level) => { const x = ms / 1000; let low = 0; let high = level.x.length - 1; while (low < high) { const mid = (low + high) >> 1; if (level.x[mid] < x) low = mid + 1; else high = mid; } return low > 0 && x - level.x[low - 1] < level.x[low] - x ? low - 1 : low; };
      const which = split > 1 ? place : levels.map((level, n) => [Math.abs(level.y[near(level)] - y), n]).sort((a, b) => a[0] - b[0])[0][1];
      go(which, near(levels[which]));
    }
  });
  chart.on("click", (event) => { const [spot] = placed(event); if (kind === "youden" && spot) go(...spot); });

  const zoom = (factor) => {
    const { start = 0, end = 100 } = chart.getOption().dataZoom?.[0] ?? {};
    const middle = (start + end) / 2;
    const half = Math.min(50, ((end - start) / 2) * factor);
    chart.dispatchAction({ type: "dataZoom", start: Math.max(0, middle - half), end: Math.min(100, middle + half) });
    show();
  };
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !levels.some((level) => level.x.length)) return;
    const { level, i } = at ?? { level: 0, i: levels[0].x.length };
    const next = (by) => { for (let j = i + by; j >= 0 && j < levels[level].x.length; j += by) if (levels[level].verdict[j] !== "a") return j; return i; };
    const moves = {
      ArrowLeft: () => go(level, i - 1), ArrowRight: () => go(level, i + 1), Home: () => go(level, 0), End: () => go(level, Infinity),
      PageUp: () => go(level, next(-1)), PageDown: () => go(level, next(1)),
      ArrowUp: () => go((level + levels.length - 1) % levels.length, i), ArrowDown: () => go((level + 1) % levels.length, i),
      "+": () => zoom(0.5), "-": () => zoom(2),
      Enter: () => { if (at) location.assign(`/qc/runs/${run(levels[level].runs[at.i])}`); },
      n: () => box.querySelector('[data-story="note"]')?.click(),
      Escape: () => { at = null; box.hidden = true; show(); },
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  });

  // --- Paper is white, whatever the theme, and as wide as a sheet. ---
  const print = (on) => { paper = on; figure.classList.toggle("qc-on-paper", on); draw(); };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  addEventListener("resize", () => { if (!paper) draw(); });

  // The page asked for it while the scripts were still on their way.
  fetch(dataset.points)
    .then((answer) => { if (!answer.ok) throw new Error(`points answered ${answer.status}`); return answer.json(); })
    .then((points) => {
      given = points;
      levels = points.levels.map(unfold).filter((level) => level.x.length || kind === "youden");
      chart.on("finished", () => { if (!dataset.drawnMs) dataset.drawnMs = String(Math.round(performance.now())); });
      draw();
      dataset.drawn = String(levels.reduce((sum, level) => sum + level.x.length, 0));
    })
    // The table says the same.
    .catch(() => { figure.hidden = true; });
})();
