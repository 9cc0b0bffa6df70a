// Long work that may be stopped by a signal: it is told between two steps, so that it can leave nothing half made.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Milliseconds of work between two looks for a signal. */
const SLICE = 20;

/** Thrown to leave work that a signal has stopped. Whoever made the `Interruption` catches it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export class Interruption {
  #signal: NodeJS.Signals | undefined;
  readonly #stop = (signal: NodeJS.Signals) => {
    this.#signal = signal;
  };

  /** From now on signals do not end the process; `end` must be called. */
  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#stop);
  }

  get isStopped(): boolean {
    return this.#signal !== undefined;
  }

  /** Throws `Interrupted` where a signal came. */
  check(): void {
    if (this.isStopped) throw new Interrupted('a signal came');
  }

  /** Takes step after step, until the last or until a signal comes: then the steps' own `finally` runs. */
  async run(steps: Iterable<void>): Promise<void> {
    let last = performance.now();
    for (const _ of steps) {
      if (performance.now() - last < SLICE) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.isStopped) break;
      last = performance.now();
    }
  }

  /** Signals mean again what they did; one that came ends the process now, and is seen to by whoever waits for it. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#stop);
    if (this.#signal !== undefined) process.kill(process.pid, this.#signal);
  }
}
