// Draws balance against unearned money; the table beneath says the same without script.
"use strict";

const place = document.getElementById("chart");
const data = JSON.parse(document.getElementById("chart-data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");

function draw() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line"),
    tickfont: { color: colour("--muted") },
  };
  const common = { x: data.days, type: "scatter", mode: "lines" };
  const hover = "%{y:,.2f}";
  Plotly.react(place, [
    { ...common, y: data.unearned, name: data.words.unearned, hovertemplate: hover,
      line: { color: colour("--unearned"), width: 1.5, shape: "hv", dash: "dot" } },
    { ...common, y: data.balance, name: data.words.balance, hovertemplate: hover,
      line: { color: colour("--balance"), width: 2, shape: "hv" } },
  ], {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("--ink") },
    margin: { l: 84, r: 28, t: 36, b: 32 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line") },
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
    xaxis: { ...axis, type: "date", hoverformat: "%Y-%m-%d",
      nticks: Math.min(12, data.days.length), tickformatstops: [
        { dtickrange: [null, 15 * 86400000], value: "%m-%d" }, { dtickrange: ["M1", null], value: "%Y-%m" },
      ] },
    yaxis: { ...axis, tickformat: ",.0f", rangemode: "tozero" },
  }, { responsive: true, displayModeBar: false, displaylogo: false });
}

place.hidden = false;
draw();
dark.addEventListener("change", draw);
