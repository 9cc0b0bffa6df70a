// What became of each part of an examination, for the first page of a report.

/** What was done of one part, in words. */
export interface DonePart {
  readonly part: string;
  readonly state: 'done' | 'in part' | 'not done' | 'cannot be done';
  readonly words: string;
}

export function impossible(part: string, { message }: Error): DonePart {
  return { part, state: 'cannot be done', words: message };
}
