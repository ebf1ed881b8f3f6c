export { buildPlan, type Plan, PLAN_DEFAULTS, type PlanRequest } from './build-plan.js';
export { EMITTED, emitFile, emittedKind } from './emit-files.js';
export { fitFacts, PATH_TITLES, pathRows, planFacts, renderPlanJson, targetText } from './plan-text.js';
