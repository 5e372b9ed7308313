/* style.c: how the page looks: one sheet, light and dark, screen and paper, no font or picture from
 * elsewhere. Contrast of every text colour on its ground is at least 4.5; recorded, simulated and
 * limits also differ in line. */
#include "report/internal.h"

/* clang-format off */
static const char *const rules[] = {
    ":root{color-scheme:light dark;--bg:#fbfbf9;--card:#fff;--ink:#1b1f24;--soft:#57606a;"
    "--line:#dde1e6;--ok:#11703a;--okbg:#e4f4ea;--bad:#b3261e;--badbg:#fbe9e7;--warn:#8a5300;"
    "--warnbg:#fdf1dc;--sim:#0b62c4;--rec:#30363d;--res:#a2470b;--band:#0b62c433;"
    "--grid:#e6e9ed;--code:#f1f3f5}\n",
    "@media(prefers-color-scheme:dark){:root{--bg:#101418;--card:#171c22;--ink:#e8ecf0;"
    "--soft:#a3adb8;--line:#2c343d;--ok:#66d392;--okbg:#12301f;--bad:#ff9a90;--badbg:#3a1714;"
    "--warn:#f2b95c;--warnbg:#33260d;--sim:#6db1ff;--rec:#d5dbe1;--res:#ffab73;"
    "--band:#6db1ff3d;--grid:#252c34;--code:#1f262d}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0 auto;max-width:72rem;padding:1.25rem clamp(.75rem,3vw,2.5rem) 3rem;"
    "background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',"
    "Roboto,'Noto Sans','DejaVu Sans',sans-serif;overflow-wrap:anywhere;"
    "-webkit-text-size-adjust:100%}\n",
    "h1{font-size:clamp(1.35rem,3.2vw,1.9rem);line-height:1.2;margin:.35rem 0 .25rem;"
    "letter-spacing:-.01em}\n",
    "h2{font-size:1.1rem;margin:2.4rem 0 .7rem;letter-spacing:-.005em}\n",
    "h3{font-size:1rem;margin:0;display:inline}\n",
    "p{margin:.3rem 0}.soft{color:var(--soft)}small,.small{font-size:.86rem}\n",
    "a{color:var(--sim)}a:focus-visible{outline:2px solid var(--sim);outline-offset:2px}\n",
    "code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"
    "'DejaVu Sans Mono',monospace;font-size:.86rem}\n",
    "pre{background:var(--code);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.7rem .9rem;margin:.4rem 0;white-space:pre-wrap}\n",
    "header{border-radius:.8rem;border:1px solid var(--line);background:var(--card);"
    "padding:1.1rem 1.3rem 1.2rem;border-top:.4rem solid var(--tone)}\n",
    ".passed{--tone:var(--ok);--tonebg:var(--okbg)}.failed{--tone:var(--bad);"
    "--tonebg:var(--badbg)}.error{--tone:var(--warn);--tonebg:var(--warnbg)}\n",
    ".badge{display:inline-block;font-weight:700;letter-spacing:.04em;color:var(--tone);"
    "background:var(--tonebg);border-radius:99rem;padding:.1rem .8rem;font-size:.9rem;"
    "white-space:nowrap}\n",
    ".lead{font-size:1.05rem}.message{border-left:.25rem solid var(--tone);"
    "background:var(--tonebg);padding:.5rem .8rem;border-radius:.3rem;margin:.7rem 0 0}\n",
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.7rem;"
    "overflow:hidden}\n",
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n",
    "th{font-size:.8rem;font-weight:600;color:var(--soft);text-align:left;white-space:nowrap}\n",
    "th,td{padding:.55rem .9rem;border-bottom:1px solid var(--line);vertical-align:top}\n",
    "tbody tr:last-child td{border-bottom:0}td.n,th.n{text-align:right}td.n,td.kind{"
    "white-space:nowrap}\n",
    ".name{min-width:13rem}.sub{margin-top:.5rem;border-top:1px solid var(--line)}.since{"
    "color:var(--bad)}td .badge{font-size:.78rem;padding:.05rem .6rem}td time{white-space:nowrap}"
    "td strong{"
    "font-weight:600}\n",
    ".gauge{display:block;width:7.5rem;height:.7rem;margin:.35rem 0 0 auto}.gauge .track{"
    "fill:var(--grid)}.gauge .good{fill:var(--ok);opacity:.28}.gauge .tick{stroke:var(--ink);"
    "stroke-width:1.5}.gauge .at{fill:var(--tone);stroke:var(--card);stroke-width:1.5}\n",
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.2rem,1fr));margin:0}"
    ".tiles div{padding:.55rem .9rem;box-shadow:0 0 0 .5px var(--line)}"
    ".tiles dt{font-size:.8rem;color:var(--soft)}.tiles dd{margin:0;font-weight:600;"
    "font-size:1.05rem;font-variant-numeric:tabular-nums}"
    ".tiles dd small{font-weight:400;color:var(--soft)}.tiles.four{"
    "grid-template-columns:repeat(4,1fr)}\n",
    "figure{margin:0 0 .2rem;padding:.8rem 0 .3rem}figcaption{padding:0 .9rem .3rem}\n",
    ".legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;margin:.1rem 0 0;padding:0;"
    "list-style:none;font-size:.86rem;color:var(--soft)}.legend svg{width:1.6rem;"
    "height:.7rem;margin-right:.4rem;vertical-align:-.05rem}\n",
    ".plot{display:block;width:100%;overflow:hidden}.plot text{font:12px system-ui,"
    "'DejaVu Sans',sans-serif;fill:var(--soft);paint-order:stroke;stroke:var(--card);"
    "stroke-width:4px;stroke-linejoin:round;font-variant-numeric:tabular-nums}\n",
    ".grid{stroke:var(--grid);stroke-width:1}.zero{stroke:var(--soft);stroke-width:1;"
    "opacity:.6}\n",
    "path{fill:none;vector-effect:non-scaling-stroke;stroke-width:1.6;stroke-linejoin:round;"
    "stroke-linecap:round}\n",
    ".recorded{stroke:var(--rec);stroke-dasharray:5 3}.simulated,.mean,.device{"
    "stroke:var(--sim)}.residual{stroke:var(--res);stroke-width:1.2}.band{fill:var(--band);"
    "stroke:var(--sim);stroke-width:.6;stroke-opacity:.5}\n",
    ".limit{stroke:var(--bad);stroke-width:1.4;stroke-dasharray:7 4}.plot text.limit-text{"
    "fill:var(--bad)}\n",
    ".h0{fill:#f3efc9}.h1{fill:#ddd27a}.h2{fill:#b9b06d}.h3{fill:#98937a}.h4{fill:#7a7a80}"
    ".h5{fill:#5b6077}.h6{fill:#37466b}.h7{fill:#0a2a5c}path.h0,path.h1,path.h2,path.h3,"
    "path.h4,path.h5,path.h6,path.h7{stroke:none}\n",
    ".none{fill:var(--grid);stroke:none}.two{display:grid;"
    "grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:0 1rem}\n",
    ".facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:0;"
    "padding:.8rem .9rem}.facts dt{color:var(--soft)}.facts dd{margin:0}\n",
    "footer{margin-top:2.5rem;color:var(--soft);font-size:.86rem}\n",
    "@media screen and (max-width:54rem){table.fold thead{position:absolute;width:1px;height:1px;"
    "overflow:hidden;clip-path:inset(50%)}table.fold tr{display:block;"
    "border-bottom:1px solid var(--line);padding:.5rem 0}table.fold tbody tr:last-child{"
    "border-bottom:0}table.fold td{display:flex;justify-content:space-between;gap:1rem;"
    "border:0;padding:.18rem .9rem;text-align:right}table.fold td::before{"
    "content:attr(data-label);color:var(--soft);font-size:.86rem;flex:none}"
    "table.fold td.lead-cell{display:block;text-align:left;padding-bottom:.3rem}"
    "table.fold td.lead-cell::before,table.fold td:empty{display:none}.facts{"
    "grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}}\n",
    "@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;"
    "--code:#f4f4f4;--ok:#11703a;--okbg:#e4f4ea;--bad:#b3261e;--badbg:#fbe9e7;--warn:#8a5300;"
    "--warnbg:#fdf1dc;--sim:#0b62c4;--rec:#30363d;--res:#a2470b;--band:#0b62c433}body{"
    "padding:0;max-width:none}*{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}figure,tr,.tiles div,header,pre,.facts{"
    "break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}body{font-size:9.5pt}"
    "th,td{padding:.35rem .5rem}.name{min-width:0}.gauge{width:5rem}}\n",
};
/* clang-format on */

void tl_style_add(tl_text *out)
{
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) tl_text_add(out, rules[i]);
}
