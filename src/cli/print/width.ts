// How many cells of a terminal a text takes: none for marks that combine, two for the scripts of East Asia and emoji.

const PLAIN = /^[\x20-\x7e]*$/;
const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Blocks whose characters are wide (Unicode, East Asian Width W and F). */
const TWO_CELLS =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** Of text without controls. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += NO_CELL.test(character) ? 0 : TWO_CELLS.test(character) ? 2 : 1;
  return width;
}
