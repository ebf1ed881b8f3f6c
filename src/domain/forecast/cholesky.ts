/**
 * Solves A·X = B for symmetric positive definite A by Cholesky's factorisation, in place: `a` (n×n, row-major)
 * becomes the factor L, `b` (n×m, row-major) becomes X. Throws RangeError when A is not positive definite.
 * Source: Golub, Van Loan, "Matrix Computations", ch. 4.2.
 */
export function choleskySolve(a: Float64Array, b: Float64Array, n: number, m: number): void {
  factor(a, n);
  const row = (i: number): Float64Array => b.subarray(i * m, (i + 1) * m);
  // L·Y = B, downwards.
  for (let i = 0; i < n; i++) {
    const target = row(i);
    for (let j = 0; j < i; j++) subtractScaled(target, row(j), a[i * n + j] ?? 0);
    divide(target, a[i * n + i] ?? 1);
  }
  // Lᵀ·X = Y, upwards.
  for (let i = n - 1; i >= 0; i--) {
    const target = row(i);
    for (let j = i + 1; j < n; j++) subtractScaled(target, row(j), a[j * n + i] ?? 0);
    divide(target, a[i * n + i] ?? 1);
  }
}

function factor(a: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] ?? 0) * (a[j * n + k] ?? 0);
      if (i > j) {
        a[i * n + j] = sum / (a[j * n + j] ?? 1);
      } else if (sum > 0) {
        a[j * n + j] = Math.sqrt(sum);
      } else {
        throw new RangeError('the matrix is not positive definite');
      }
    }
  }
}

function subtractScaled(target: Float64Array, source: Float64Array, factorOfSource: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) - factorOfSource * (source[i] ?? 0);
}

function divide(target: Float64Array, divisor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) / divisor;
}
