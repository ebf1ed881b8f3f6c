import type { Run } from '../../../contract/index.js';
import { figureTable, plain, type Section, warning } from '../../model.js';
import { buildPlan, pathRows, PATH_TITLES, PLAN_DEFAULTS, planFacts, targetText } from '../../plan/index.js';
import { closedLevels } from '../../judging/load-levels.js';
import type { RunBundle } from '../../run-bundle.js';

/** A required p95 that was not kept, and the users that it was asked of; null where there is none. */
function missedTarget(run: Run): { users: number; p95Ms: number } | null {
  const missed = (run.requirements ?? []).find(
    ({ figure, op, outcome }) => figure === 'p95' && op.startsWith('<') && outcome === 'not_met',
  );
  const users = closedLevels(run).find(({ name }) => name === missed?.phase)?.users;
  return missed === undefined || users === undefined ? null : { users, p95Ms: missed.limit };
}

/** What would keep a p95 that this run missed; null where none was missed at a number of users. */
export function pathsSection(bundle: RunBundle): Section | null {
  const target = missedTarget(bundle.run);
  if (target === null) return null;
  const plan = buildPlan(bundle, { ...target, ...PLAN_DEFAULTS, ratePerS: null, success: null, replicas: null });
  const refused = plan.refusal === null ? [] : [{ kind: 'list' as const, items: [warning(plan.refusal)] }];
  const table =
    plan.paths.length === 0
      ? []
      : [
          figureTable(
            PATH_TITLES,
            pathRows(plan.paths),
            'Intervals hold the scatter of the levels and the range of every assumed factor; cost is relative to the measured configuration. `flts plan` takes measured factors instead of assumed ones.',
          ),
        ];
  return {
    id: 'paths',
    title: `Ways to ${targetText(plan)}`,
    lead: 'What the fitted scalability law predicts for more, larger or other replicas.',
    blocks: [
      ...refused,
      ...(plan.plan === null ? [] : [{ kind: 'facts' as const, rows: planFacts(plan) }]),
      ...table,
      ...(plan.assumptions.length === 0 ? [] : [{ kind: 'list' as const, items: plan.assumptions.map(plain) }]),
    ],
  };
}
