import type { Evaluation } from '../../training/index.js';

/** The evaluation as one self-contained HTML page: a table for each target, the least MAE of a horizon in bold. */
export function accuracyPage(title: string, { rows, targets, horizons, scored, notes }: Evaluation): string {
  const tables = targets.map((target) => {
    const head = horizons.map((horizon) => `<th>h${horizon} MAE</th><th>RMSE</th><th>NRMSE</th>`).join('');
    const names = [...new Set(rows.map((row) => `${row.kind} ${row.name}`))];
    const best = horizons.map((horizon) =>
      Math.min(...rows.filter((row) => row.horizon === horizon).map((row) => row.targets[target]?.mae ?? Infinity)),
    );
    const body = names.map((name) => {
      const cells = horizons.map((horizon, i) => {
        const row = rows.find((one) => one.horizon === horizon && `${one.kind} ${one.name}` === name);
        const figures = row?.targets[target];
        if (figures === undefined) return '<td>–</td><td>–</td><td>–</td>';
        const mae = figures.mae.toPrecision(4);
        const shown = figures.mae === best[i] ? `<b>${mae}</b>` : mae;
        return `<td>${shown}</td><td>${figures.rmse.toPrecision(4)}</td><td>${figures.nrmse.toFixed(3)}</td>`;
      });
      return `<tr><th scope="row">${escapeHtml(name)}</th>${cells.join('')}</tr>`;
    });
    return `<h2>${escapeHtml(target)}</h2><table><thead><tr><th></th>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}
table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
th[scope=row]{text-align:left;font-weight:normal}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}td,th{border-color:#444}}
</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${scored.rows} rows scored, from ${escapeHtml(scored.from)} to ${escapeHtml(scored.to)}; h is steps ahead, figures in raw units.</p>
${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('\n')}
${tables.join('\n')}
</body></html>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
