/** The report's style: system fonts, two themes by the reader's preference, print in ink on white. */
export const STYLE = `
:root{--paper:#fff;--ink:#1c2230;--muted:#5a6375;--line:#dfe3ea;--band:#eef1f6;--card:#f7f8fa;
--good:#17713a;--bad:#b3261e;--warning:#8a5a00;
--series-1:#2457c5;--series-2:#c2500d;--series-3:#7a2fb0;--series-4:#0b7a75;--series-5:#a3195b;--series-6:#5d6b1a;--series-7:#8a4b2a;--series-8:#3f5f8a;--series-9:#6b6f78}
@media (prefers-color-scheme:dark){:root{--paper:#12151c;--ink:#e6e9f0;--muted:#a0a9bb;--line:#2c3341;--band:#1d2330;--card:#191e28;
--good:#6fd394;--bad:#ff8f86;--warning:#f0c060;
--series-1:#7ea6ff;--series-2:#ffa066;--series-3:#cf9bff;--series-4:#5fd4cd;--series-5:#ff8cc0;--series-6:#c5d45e;--series-7:#e0a98a;--series-8:#9db8e0;--series-9:#b4b9c4}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .75rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
.verdict{display:inline-block;margin:0 0 1rem;padding:.2rem .9rem;border:2px solid;border-radius:.3rem;font-weight:700;letter-spacing:.04em}
.passed,.valid,.good .sign{color:var(--good)}
.failed,.invalid,.bad .sign{color:var(--bad)}
.not-judged,.warning .sign{color:var(--warning)}
dl{margin:0 0 1rem}
dl>div{display:grid;grid-template-columns:minmax(9rem,15rem) 1fr;gap:.25rem 1rem;padding:.15rem 0}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem}
a{color:var(--series-1)}
ul.sentences{list-style:none;margin:0;padding:0}
ul.sentences li{position:relative;padding:.2rem 0 .2rem 1.6rem;overflow-wrap:anywhere}
.sign{position:absolute;left:.2rem;font-weight:700}
dl.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:0 0 1.25rem}
dl.tiles>div{display:block;padding:.7rem .9rem;background:var(--card);border:1px solid var(--line);border-radius:.4rem}
.figure{display:block;font-size:1.5rem;line-height:1.3;font-weight:700;font-variant-numeric:tabular-nums}
.range{color:var(--muted);font-size:.85em}
td .range{display:block;white-space:nowrap}
a.term{color:inherit;text-decoration:underline dotted;text-underline-offset:.2em}
:target{background:var(--band)}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td.right,th.right{text-align:right;white-space:nowrap}
thead th{color:var(--muted);font-weight:600;white-space:nowrap}
tbody tr:nth-child(even){background:var(--card)}
.wide-table th:first-child,.wide-table td:first-child{position:sticky;left:0;background:var(--paper)}
.wide-table tbody tr:nth-child(even) td:first-child{background:var(--card)}
.note{margin:.3rem 0 1rem;color:var(--muted);font-size:.85rem}
h3{font-size:1rem;margin:1.6rem 0 .5rem}
.lead{margin:0 0 .75rem;color:var(--muted)}
.code pre{margin:0;padding:.7rem .9rem;overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.3rem;font-size:.85rem}
figure{margin:1.5rem 0;break-inside:avoid}
figcaption{font-weight:600;margin-bottom:.4rem}
figure svg{display:block;width:100%;height:auto}
.narrow{display:none}
@media (max-width:34rem){
main{padding:1rem .75rem 3rem}
dl>div{grid-template-columns:1fr;gap:0;padding:.3rem 0}
dl.tiles{grid-template-columns:1fr 1fr;gap:.5rem}dl.tiles>div{padding:.5rem .6rem}.figure{font-size:1.2rem}
.wide{display:none}.narrow{display:block}
th,td{padding:.3rem .45rem}}
@page{size:A4;margin:14mm 12mm}
@media print{
:root{--paper:#fff;--ink:#000;--muted:#444;--line:#bbb;--band:#eee;--card:#fff;--good:#064;--bad:#900;--warning:#640;
--series-1:#2457c5;--series-2:#c2500d;--series-3:#7a2fb0;--series-4:#0b7a75;--series-5:#a3195b;--series-6:#5d6b1a;--series-7:#8a4b2a;--series-8:#3f5f8a;--series-9:#6b6f78}
body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}
.scroll{overflow:visible}table{font-size:8.5pt}th,td{padding:.15rem .3rem}thead th,td.right,td .range{white-space:normal}.wide-table th:first-child,.wide-table td:first-child{position:static}
a{color:inherit}figure svg{max-height:78mm}dl>div{padding:.05rem 0}dl.tiles{grid-template-columns:repeat(4,1fr)}
h2,h3,.lead,figcaption{break-after:avoid}.code pre{white-space:pre-wrap;overflow-wrap:anywhere}tr,dl>div{break-inside:avoid}
.wide{display:block}.narrow{display:none}}
`;
