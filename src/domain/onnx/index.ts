export { modelProblem, sizeProblem } from './model-problem.js';
