// Why the bench does not begin.

/** A wrong command line, or a machine it cannot run on: printed without a stack. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
