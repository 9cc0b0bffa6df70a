// Lines for a comment in Markdown whose length is limited: literal text that stays text whatever it holds, and sections of
// which each is cut where its share of the whole ends. What was cut is counted, never left out in silence.

/** Names, versions and values are cut where one alone would fill the comment. */
const LONGEST_LINE = 1000;

/** A code span: within it neither Markdown nor HTML means anything (CommonMark 6.1). `text` has no line breaks. */
export function codeSpan(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const isPadded = /^`|`$|^ .* $/.test(text);
  return isPadded ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, { length }) => Math.max(longest, length), 0);
}

/** `…` and how much was left out, where a line is too long. */
export function fittedLine(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  // The half of a pair of surrogates is no character.
  const kept = text.slice(0, LONGEST_LINE).replace(/[\ud800-\udbff]$/, '');
  return `${kept}… (${text.length - kept.length} more characters)`;
}

export interface SectionPlan {
  readonly title: string;
  /** What its lines are, where some are left out. */
  readonly unit: string;
  /** Printable, without line breaks. */
  readonly lines: readonly string[];
  /** How many there are in all; more than `lines` where only the first were kept. */
  readonly count: number;
  /** Lines that are told first and are not counted: headings of a table. */
  readonly heading?: readonly string[];
  /** Names the language of the block, for its colours. */
  readonly language?: string;
  readonly isOpen?: boolean;
  /** Its share of what is left when its turn comes: 0 to 1. */
  readonly share: number;
}

export interface FittedSections {
  readonly text: string;
  /** `120 of 309 changes`. */
  readonly cut: readonly string[];
}

/** Folded blocks of literal lines, in as many characters (UTF-16 units) as there are, or fewer. */
export function fitSections(plans: readonly SectionPlan[], limit: number): FittedSections {
  const frames = plans.map((plan) => frame(plan, [], plan.count).length);
  let left = limit - frames.reduce((sum, length) => sum + length, 0);
  let text = '';
  const cut: string[] = [];
  for (const plan of plans) {
    const lines: string[] = [];
    let room = Math.floor(left * plan.share);
    for (const line of plan.lines) {
      const fitted = fittedLine(line);
      // A fence grows with the longest run of backticks, at both ends.
      const taken = fitted.length + 1 + 2 * longestRun(fitted);
      if (taken > room) break;
      room -= taken;
      left -= taken;
      lines.push(fitted);
    }
    const missing = plan.count - lines.length;
    if (missing > 0) cut.push(`${missing} of ${plan.count} ${plan.unit}`);
    text += frame(plan, lines, missing);
  }
  return { text, cut };
}

function frame(plan: SectionPlan, lines: readonly string[], missing: number): string {
  const { title, unit, heading = [], language = 'text', isOpen } = plan;
  const told = [...heading.map(fittedLine), ...lines];
  const fence = '`'.repeat(Math.max(3, longestRun(told.join('\n')) + 1));
  const more = missing > 0 ? `\n… and ${missing} more ${unit}\n` : '';
  const block = told.length === 0 ? '' : `${fence}${language}\n${told.join('\n')}\n${fence}\n`;
  return `\n<details${isOpen ? ' open' : ''}><summary>${title}</summary>\n\n${block}${more}\n</details>\n`;
}
