// The output of `--json`: what stands between its header and its end.

interface Told {
  readonly t: string;
  readonly exit?: number;
}

/** The records of an output that must be whole; those that `of` names, where it does. */
export function jsonRecords<T>(output: string, of?: string): T[] {
  const lines = output.split('\n').filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as T & Told);
  const ends = [all.at(0)?.t, all.at(-1)?.t].join();
  if (ends !== 'header,end') throw new Error(`No whole output: ${output.slice(0, 1000)}`);
  return all.slice(1, -1).filter(({ t }) => of === undefined || t === of);
}

/** As `jsonRecords`, of an output whose bytes are one character each. */
export function jsonRecordsOfBytes<T>(output: string, of?: string): T[] {
  return jsonRecords(Buffer.from(output, 'latin1').toString('utf8'), of);
}
