// The events of a timeline by the day on which they were, in UTC.
import { eventsOf, type TimelineEntry } from '../../../layers/timeline.ts';

export interface DayEvents {
  /** `2024-05-01`; a time past what a calendar holds in seconds. */
  readonly day: string;
  /** Lines of `timeline --format jsonl`. */
  events: number;
  modified: number;
  accessed: number;
  changed: number;
  born: number;
  /** Of the events: whiteouts that were made, and steps that ended by which something was gone. */
  removals: number;
}

const SECONDS = 86_400;
const LETTERS = { m: 'modified', a: 'accessed', c: 'changed', b: 'born' } as const;

export class Days {
  /** By days since 1970. */
  readonly #days = new Map<number, DayEvents>();

  add({ attributes, state }: TimelineEntry): void {
    for (const { time, macb } of eventsOf(attributes)) {
      const number = Math.floor(time.seconds / SECONDS);
      const day = this.#days.get(number) ?? newDay(number);
      this.#days.set(number, day);
      day.events += 1;
      if (state === 'removed' || state === 'whiteout') day.removals += 1;
      for (const letter of 'macb' as Iterable<keyof typeof LETTERS>)
        if (macb.includes(letter)) day[LETTERS[letter]] += 1;
    }
  }

  /** The newest first. */
  get all(): readonly DayEvents[] {
    return [...this.#days].toSorted(([a], [b]) => b - a).map(([, day]) => day);
  }
}

function newDay(number: number): DayEvents {
  const date = new Date(number * SECONDS * 1000);
  const day = Number.isNaN(date.getTime()) ? `${number * SECONDS} s` : date.toISOString().replace(/T.*/, '');
  return { day, events: 0, modified: 0, accessed: 0, changed: 0, born: 0, removals: 0 };
}
