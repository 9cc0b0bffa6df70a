// What verification found, as an object of JSON.
import { asBytes } from '../sys/bytes.ts';
import type { Finding } from '../verify/finding.ts';
import { escapeMessage, jsonName } from './escape.ts';

/** The path of a finding on a layer is from the layer's root on; of one on no layer, where it lies on disk. */
export function jsonFinding({ severity, class: kind, path, expected, found, message }: Finding): object {
  return {
    severity,
    class: kind,
    ...(path === undefined ? {} : jsonName('path', asBytes(path.startsWith('/') ? path : `/${path}`))),
    ...(expected === undefined ? {} : jsonName('expected', asBytes(expected))),
    ...(found === undefined ? {} : jsonName('found', asBytes(found))),
    ...(message === undefined ? {} : { message: escapeMessage(message) }),
  };
}
