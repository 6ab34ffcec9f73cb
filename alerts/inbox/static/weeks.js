// Draws complaints by week and level; the table beside says the same without script.
"use strict";

const place = document.getElementById("weeks-chart");
const data = JSON.parse(document.getElementById("weeks-data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");

function draw() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line"),
    tickfont: { color: colour("--muted") },
  };
  Plotly.react(place, data.levels.map((each) => ({
    x: data.weeks, y: each.counts, name: each.name, type: "bar", hovertemplate: "%{y}",
    marker: { color: colour("--told-" + each.level) },
  })), {
    barmode: "stack", bargap: 0.25,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("--ink") },
    margin: { l: 40, r: 12, t: 36, b: 32 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line") },
    showlegend: true,
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", traceorder: "normal" },
    xaxis: { ...axis, type: "date", hoverformat: "%Y-%m-%d", tickformat: "%Y-%m-%d",
      tick0: data.weeks[0], dtick: Math.ceil(data.weeks.length / 7) * 7 * 86400000 },
    yaxis: { ...axis, tickformat: ",d", rangemode: "tozero" },
  }, { responsive: true, displayModeBar: false, displaylogo: false });
}

place.hidden = false;
draw();
dark.addEventListener("change", draw);
