import Drawing

/// The page's files, all embedded here: nothing is built or loaded from elsewhere.
enum PageFiles {
  /// The style sheet.
  static let style =
    Page.style + """

      :root{--good:light-dark(#187a3a,#6fd08c);--bad:light-dark(#b3261e,#ff8a80);--warn:light-dark(#8a5a00,#ffcc66)}
      body{margin:1rem auto}header h1{font-size:1rem;font-weight:600;opacity:.8;margin:.25rem 0 .75rem}header h1 small{font-weight:400;margin-left:.5rem}
      section:empty{display:none}section{margin-top:1.5rem}#verdict,#figures{margin-top:.75rem}h2{margin-top:0}
      .verdict{margin:0;padding:.75rem 1rem;border-radius:10px;border:1px solid var(--line);border-left:8px solid}
      .verdict b{font-size:1.6rem;display:block;line-height:1.2}.verdict span{color:CanvasText;overflow-wrap:anywhere}
      .verdict.good{color:var(--good)}.verdict.attention{color:var(--warn)}.verdict.bad{color:var(--bad)}
      .verdict.unknown{color:GrayText}.troubles{margin:.5rem 0 0;color:var(--warn);overflow-wrap:anywhere}
      .bar{display:flex;gap:.75rem;align-items:center;margin:0 0 .75rem;font-variant-numeric:tabular-nums}
      progress{flex:1;height:.75rem;accent-color:var(--a)}
      .tiles{grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}.tiles b{font-variant-numeric:tabular-nums;
      overflow-wrap:anywhere}
      #lost{background:var(--warn);color:Canvas;padding:.5rem 1rem;border-radius:8px;margin:0 0 .75rem}
      #lost[hidden]{display:none}td{white-space:nowrap}td:last-child,td:first-child{white-space:normal}
      :focus-visible{outline:2px solid var(--a);outline-offset:2px}
      .grid{grid-template-columns:repeat(auto-fill,minmax(8rem,1fr))}.grid img{width:100%;aspect-ratio:1;object-fit:contain}
      @media(max-width:40rem){.tiles b{font-size:1.15rem}}
      """

  /// The script that replaces parts as they arrive, and says when no more arrive.
  static let script = """
    "use strict";
    const main = document.querySelector("main"), lost = document.getElementById("lost");
    let version = main.dataset.version;

    function show(name, text) {
      if (name === "title") {
        document.title = text;
        return;
      }
      const part = document.getElementById(name);
      if (!part) return;
      const places = [...part.querySelectorAll(".wide")].map((wide) => wide.scrollLeft);
      const had = [...part.querySelectorAll("[tabindex]")].indexOf(document.activeElement);
      part.innerHTML = text;
      part.querySelectorAll(".wide").forEach((wide, number) => { wide.scrollLeft = places[number] || 0; });
      if (had >= 0) part.querySelectorAll("[tabindex]")[had]?.focus({ preventScroll: true });
    }

    function follow() {
      const source = new EventSource("events?since=" + version);
      source.addEventListener("part", (event) => {
        const end = event.data.indexOf("\\n");
        const name = end < 0 ? event.data : event.data.slice(0, end);
        show(name, end < 0 ? "" : event.data.slice(end + 1));
      });
      source.addEventListener("version", (event) => { version = event.data; });
      source.onopen = () => { lost.hidden = true; };
      source.onerror = () => {
        if (lost.hidden) {
          lost.textContent = "Nobody serves this page any more: it shows the run as it was at "
            + new Date().toLocaleTimeString() + ".";
          lost.hidden = false;
        }
        if (source.readyState === EventSource.CLOSED) {
          source.close();
          setTimeout(follow, 5000);
        }
      };
    }

    follow();

    """

  /// An icon with a rising curve.
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b63c5"/>\
    <path d="M3 12l3-4 3 2 4-6" fill="none" stroke="#fff" stroke-width="2"/></svg>
    """
}
