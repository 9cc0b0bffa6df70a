// The lines of `stratafs timeline`: The Sleuth Kit's body file (3.x), CSV and JSON. Each with the key it is sorted by.

import { eventsOf, type TimelineEntry } from '../../layers/timeline.ts';
import type { Time } from '../../overlay/status.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { typeOf } from '../../sys/file-types.ts';
import { escapeBytes, escapeJson, escapeText, jsonName, octal } from '../../told/escape.ts';
import { jsonTime, octalMode } from '../../told/fields.ts';
import { type RootMark, rootField } from '../examine/every-store.ts';
import { modeString } from './status.ts';

/** What one line is about. */
export interface TimelineSubject {
  readonly entry: TimelineEntry;
  /** From the lowest, 1. */
  readonly layer: number;
  /** What the reference is called, as it came. */
  readonly label: string;
  /** Whether other references have lines too. */
  readonly isOneOfMany: boolean;
  /** Of a layer that is told once for all: what the references that have it are called. */
  readonly users?: readonly string[];
  /** Of several roots, the one that the references are in. */
  readonly mark?: RootMark;
}

export interface TimelineForm {
  readonly heading: string;
  /** Tells `add` each line and its key: neither holds a newline or NUL. */
  readonly lines: (subject: TimelineSubject, add: (key: string, line: string) => void) => void;
}

/** For mactime. */
export const BODY_FORM: TimelineForm = { heading: '', lines: bodyLines };

export const TIMELINE_FORMS: Readonly<Record<string, TimelineForm>> = {
  body: BODY_FORM,
  csv: {
    heading: 'time,macb,state,layer,type,mode,uid,gid,size,inode,path,target,reference\n',
    lines: csvLines,
  },
  jsonl: { heading: '', lines: jsonLines },
};

/** As many references are named in one field. */
const MOST_NAMED = 3;

/** `app:1,app:2,app:3,+37`. */
export function usersLabel(users: readonly string[]): string {
  const more = users.length > MOST_NAMED ? [`+${users.length - MOST_NAMED}`] : [];
  return [...users.slice(0, MOST_NAMED), ...more].join(',');
}

/** As TSK's fls names types; the rest as ls(1). */
const TSK_TYPES: Readonly<Record<string, string>> = { '-': 'r', s: 'h', '?': '-' };
const MARKS: Readonly<Record<TimelineEntry['state'], string>> = {
  visible: '',
  deleted: ' (deleted)',
  shadowed: ' (shadowed)',
  whiteout: ' (whiteout)',
  removed: ' (removed)',
};

/**
 * `MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime`. The inode is `number-layer`, as TSK puts a part's
 * number behind it; a `|` in a name is written as its octal escape, and a `%` that mactime would take for an escape as `%25`.
 */
function bodyLines(
  { entry, layer, label, mark, isOneOfMany }: TimelineSubject,
  add: Parameters<TimelineForm['lines']>[1],
): void {
  const { path, attributes, target, state } = entry;
  const { mode, ino, uid, gid, atime, mtime, ctime, btime } = attributes;
  const size = attributes.exactSize ?? attributes.size;
  const prefix = isOneOfMany || mark !== undefined ? `${inRoot(label, mark)}:` : '';
  const link = target === undefined ? '' : ` -> ${escapeBytes(target)}`;
  const place = `${prefix}${escapeBytes(path)}`;
  const name = `${place}${link}`.replaceAll('|', '\\174').replace(/%(?=[0-9a-f]{2})/gi, '%25') + MARKS[state];
  const letter = typeOf(mode).letter;
  const type = TSK_TYPES[letter] ?? letter;
  const modes = `${type}/${type}${modeString(mode).slice(1)}`;
  // mactime takes 0 for a time that is not known.
  const times = [atime, mtime, ctime, btime].map((time) => time?.seconds ?? 0);
  const fields = [0, name, `${ino}-${layer}`, modes, uid, gid, size, ...times];
  // A directory comes before what it holds.
  add(`${place}\x01${String(layer).padStart(4, '0')}`, fields.join('|'));
}

/** `/var/lib/docker:web` where several roots are told of. */
function inRoot(label: string, mark: RootMark | undefined): string {
  return mark === undefined ? escapeText(label) : `${mark.shown}:${escapeText(label)}`;
}

function csvLines(
  { entry, layer, label, mark }: TimelineSubject,
  add: Parameters<TimelineForm['lines']>[1],
): void {
  const { path, attributes, target, state } = entry;
  const { mode, ino, uid, gid } = attributes;
  const size = attributes.exactSize ?? attributes.size;
  for (const { time, macb } of eventsOf(attributes)) {
    const fields = [
      isoTime(time),
      macb,
      state,
      layer,
      typeOf(mode).name,
      octalMode(mode),
      uid,
      gid,
      size,
      ino,
      quote(escapeBytes(path)),
      target === undefined ? '' : quote(escapeBytes(target)),
      quote(inRoot(label, mark)),
    ];
    add(sortKey(time, path, inRoot(label, mark)), fields.join(','));
  }
}

function jsonLines(
  { entry, layer, label, users, mark }: TimelineSubject,
  add: Parameters<TimelineForm['lines']>[1],
): void {
  const { path, attributes, target, state } = entry;
  const { mode, ino, uid, gid } = attributes;
  const size = attributes.exactSize ?? attributes.size;
  for (const { time, macb } of eventsOf(attributes)) {
    const line = escapeJson({
      t: 'event',
      time: isoTime(time),
      timestamp: jsonTime(time),
      macb,
      ...jsonName('path', path),
      state,
      layer,
      type: typeOf(mode).name,
      mode: octalMode(mode),
      uid,
      gid,
      size,
      ino: String(ino),
      ...(target === undefined ? {} : jsonName('target', target)),
      ...(users === undefined ? { ref: label } : { refs: users }),
      ...rootField(mark),
    });
    add(sortKey(time, path, inRoot(label, mark)), line);
  }
}

/** Before all times there are: so that negative ones sort too. */
const LONG_AGO = 2 ** 52;

/** `label` is printable. */
function sortKey({ seconds, nanoseconds }: Time, path: ByteString, label: string): string {
  const when = Math.min(Math.max(seconds + LONG_AGO, 0), Number.MAX_SAFE_INTEGER);
  const digits = String(when).padStart(16, '0') + String(nanoseconds).padStart(9, '0');
  return `${digits} ${escapeBytes(path)} ${label}`;
}

/** RFC 3339 in UTC, with nanoseconds; the bare seconds where a calendar ends. */
function isoTime({ seconds, nanoseconds }: Time): string {
  const date = new Date(seconds * 1000);
  const fraction = String(nanoseconds).padStart(9, '0');
  if (Number.isNaN(date.getTime())) return `${seconds}.${fraction}`;
  return date.toISOString().replace(/\.\d{3}Z$/, `.${fraction}Z`);
}

/**
 * What a spreadsheet takes for the begin of a formula; also behind a character that may be the separator where it is read.
 * The full-width forms count where the language is Japanese.
 */
const FORMULA = /(^|[,;|])([=+@\-\uff1d\uff0b\uff20\uff0d])/g;

/** `text` is escaped already; a formula's first character is escaped like a byte that cannot be printed. */
function quote(text: string): string {
  const field = text.replace(
    FORMULA,
    (_, before: string, first: string) => before + octal(bytesOfText(first)),
  );
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
