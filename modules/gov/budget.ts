/**
 * How much a block does for governance. Whoever pays for it can vote and put deposits down without end, so what is due in one
 * block has no bound of its own: what goes beyond this is done in the next blocks, in the same order.
 */
export class Budget {
  constructor(private units: number) {}

  get left(): number {
    return this.units;
  }

  /** False when nothing is left. */
  take(units = 1): boolean {
    if (this.units <= 0) return false;
    this.units -= units;
    return true;
  }

  /** A budget of half of what is left: so that one proposal with a million votes does not keep others waiting for it. */
  half(): Budget {
    return new Budget(Math.ceil(this.units / 2));
  }
}

/** A unit is a vote, a delegation, a deposit or a proposal: some 30 µs. */
export const UNITS_PER_BLOCK = 5_000;
/** Running the messages of a proposal counts as so many. */
export const EXECUTION_UNITS = 500;
/** What a query may count: as much as a block, for whoever asks holds blocks up. */
export const UNITS_PER_QUERY = UNITS_PER_BLOCK;
