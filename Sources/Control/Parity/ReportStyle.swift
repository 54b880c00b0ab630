// SPDX-License-Identifier: Apache-2.0

/// The page's style: light and dark on a screen, black on white and A4 on paper.
///
/// States are told by words, marks and lines; colour only repeats them. Contrast is 4.5:1 or more.
let reportStyle: Markup = """
    :root{color-scheme:light dark;--ink:#1a1c1f;--soft:#565c65;--paper:#fff;--line:#c9ced6;--shade:#f3f5f8;--go:#0b6b3a;--no:#a4161a;--open:#7a4b00;--legacy:#5b3fa0;--modern:#00625f}
    @media (prefers-color-scheme:dark){:root{--ink:#e9ebee;--soft:#aab1bb;--paper:#15181c;--line:#3b424c;--shade:#1e2329;--go:#5fd394;--no:#ff8f8a;--open:#f0bd62;--legacy:#c0a8ff;--modern:#5fd3cd}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:75rem;padding:1.5rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
    h1{margin:0 0 .75rem;font-size:1.9rem;line-height:1.2;overflow-wrap:anywhere}
    h2{margin:2rem 0 .5rem;font-size:1.2rem;border-bottom:2px solid var(--line);padding-bottom:.2rem}
    h3{margin:1.2rem 0 .4rem;font-size:1rem}
    p{max-width:48rem;margin:.4rem 0 .8rem}
    .kind{margin:0;color:var(--soft)}
    .verdict{border:2px solid var(--open);border-left-width:.8rem;padding:.7rem 1rem;border-radius:.3rem;break-inside:avoid}
    .verdict.go{border-color:var(--go)}.verdict.no{border-color:var(--no);border-style:double;border-width:4px;border-left-width:.8rem}.verdict.invalid{border-color:var(--no);border-style:dashed;border-left-width:.8rem}
    .word{margin:0;font-size:1.5rem;font-weight:700;color:var(--open)}.go .word{color:var(--go)}.no .word,.invalid .word{color:var(--no)}
    .verdict ul{margin:.4rem 0 0;padding-left:1.2rem}
    dl{margin:0;display:grid;gap:.15rem}
    dl div{display:grid;grid-template-columns:13rem 1fr;gap:1rem}
    dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:.87rem;font-variant-numeric:tabular-nums}
    th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere;min-width:3.2rem}
    thead th{background:var(--shade);font-weight:600;overflow-wrap:normal}
    tbody th{font-weight:600}
    .n{text-align:right;white-space:nowrap}.w{white-space:nowrap}
    .state{white-space:nowrap;font-weight:600}
    .numbers{color:var(--soft);display:flex;flex-wrap:wrap;gap:.1rem 1rem}.numbers b{color:var(--ink);font-weight:600}
    figure{margin:.6rem 0 1.2rem;break-inside:avoid}
    figcaption{font-weight:600;margin-bottom:.3rem}
    figcaption span{display:block;font-weight:400;color:var(--soft);max-width:48rem}
    svg{display:block;width:100%;height:auto;max-width:60rem}
    svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}.soft{color:var(--soft);font-weight:400}
    .grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
    .bound{fill:none;stroke:var(--modern);stroke-width:2}.dot{fill:var(--modern)}
    .limit{stroke:var(--no);stroke-width:2;stroke-dasharray:7 4}
    .bar{fill:var(--soft)}
    .legacy{fill:var(--paper);stroke:var(--legacy);stroke-width:2.5}.modern{fill:var(--modern);stroke:var(--modern);stroke-width:1}
    .between{stroke:var(--line);stroke-width:3}
    @media (max-width:40rem){.scroll table{min-width:38rem}dl div{grid-template-columns:1fr;gap:0}}
    @page{size:A4;margin:14mm 12mm}
    @media print{:root{--ink:#000;--soft:#444;--paper:#fff;--line:#aaa;--shade:#eee;--go:#0b6b3a;--no:#a4161a;--open:#7a4b00;--legacy:#5b3fa0;--modern:#00625f}
    body{max-width:none;padding:0;font-size:9.5pt}h2,h3{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}
    .scroll{overflow:visible}table{font-size:7.6pt}th,td{padding:1.5pt 3.5pt;min-width:0}dl div{grid-template-columns:38mm 1fr}}
    """
