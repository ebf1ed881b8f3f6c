/** Last, largest and mean of a figure since the start, as `/queue_stats` shows them. */
export class Figure {
  #last = 0;
  #max = 0;
  #sum = 0;
  #count = 0;

  note(value: number): void {
    this.#last = value;
    if (value > this.#max) this.#max = value;
    this.#sum += value;
    this.#count++;
  }

  get last(): number {
    return this.#last;
  }

  get max(): number {
    return this.#max;
  }

  /** How many values were noted. */
  get count(): number {
    return this.#count;
  }

  get avg(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }
}
