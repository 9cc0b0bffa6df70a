// Why a person should look at a change before all others.
import type { Change } from '../../diff/change.ts';
import { isOfKind } from './fail-on.ts';
import { letterOf } from './words.ts';

/** In the order of their weight. */
export const EYES = [
  'setuid gained',
  'setgid gained',
  'caps gained',
  'world-writable',
  'contents differ under one size and time',
  'changed while it was read',
] as const;
export type Eye = (typeof EYES)[number];

/** Empty where there is no reason. */
export function eyesOf(change: Change): Eye[] {
  return EYES.filter((eye) => isReason(eye, change));
}

function isReason(eye: Eye, change: Change): boolean {
  switch (eye) {
    case 'setuid gained':
      return change.flags.includes('setuid-added');
    case 'setgid gained':
      return change.flags.includes('setgid-added');
    case 'caps gained':
      return change.flags.includes('caps-added');
    case 'world-writable':
      return isOfKind(change, 'world-writable');
    case 'contents differ under one size and time':
      return letterOf(change) === '?';
    case 'changed while it was read':
      return change.raced === true;
  }
}
