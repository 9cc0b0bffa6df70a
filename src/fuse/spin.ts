// Decides how often to ask the device again before sleeping. Waking a sleeping processor costs more than serving a request,
// but asking in vain keeps it from the client: so it is tried where sleeps turn out short, and given up where it does not win.

/** Reads asked in vain, at about 0.4 µs each. */
const SPINS = 400;
/** A sleep shorter than this (milliseconds) would have been saved by asking on. */
const SHORT_SLEEP = 0.25;
const FIRST_TRIAL = 8;
const RAREST_TRIAL = 4096;

export class Spin {
  /** How many reads in vain before the next sleep. */
  budget = 0;
  #shortSleeps = 0;
  /** Short sleeps in a row before spinning is tried (again). */
  #trialAfter = FIRST_TRIAL;
  #losses = 0;
  #sleptAt = 0;

  /** A request came while asking. */
  won(): void {
    this.#losses = 0;
    this.#trialAfter = FIRST_TRIAL;
  }

  /** None came: twice in a row, and it is left for longer. */
  lost(): void {
    if (++this.#losses < 2) return;
    this.budget = 0;
    this.#losses = 0;
    this.#shortSleeps = 0;
    this.#trialAfter = Math.min(this.#trialAfter * 2, RAREST_TRIAL);
  }

  sleeps(): void {
    this.#sleptAt = performance.now();
  }

  woke(): void {
    if (this.budget > 0) return;
    if (performance.now() - this.#sleptAt > SHORT_SLEEP) {
      this.#shortSleeps = 0;
      return;
    }
    if (++this.#shortSleeps >= this.#trialAfter) this.budget = SPINS;
  }
}
