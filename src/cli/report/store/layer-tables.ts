// The layers of a root by who has them, and what takes the space, as tables.
import type { PlaceUsage } from '../../../health/disk-usage.ts';
import type { ReportSection, TableCell } from '../../../report/store/record.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import { escapeBytes, escapeMessage, escapeText } from '../../../told/escape.ts';
import { sumOfSizes, USAGE_GROUPS } from '../../examine/usage-sums.ts';
import { counted } from '../../print/count.ts';
import { NOT_VERIFIED, nameList, shortName } from './cells.ts';
import type { Examination } from './examination.ts';
import { layerBytes, type RootLayer } from './layers.ts';
import type { Verdicts } from './verification.ts';

/** What is among layers and of no image. */
const LOOSE_WORDS: Readonly<Partial<Record<PlaceUsage['kind'], string>>> = {
  unused: 'layer of no image',
  orphan: 'no record leads to it',
};
const ROLE_WORDS = { image: 'image', engine: "engine's own", upper: "container's own", plain: '' } as const;

export function layerSection({ layers }: Examination, verdicts: Verdicts | undefined): ReportSection {
  const sorted = layers.toSorted((a, b) => b.users.length - a.users.length || bytesOf(b) - bytesOf(a));
  const rows = sorted.map((use): TableCell[] => {
    const { layer, users, place } = use;
    return [
      layerName(use),
      verdicts?.ofLayer(use) ?? NOT_VERIFIED,
      layer === undefined ? (LOOSE_WORDS[place?.kind ?? 'other'] ?? '') : ROLE_WORDS[layer.role],
      layerBytes(use) ?? null,
      place?.allocated ?? null,
      users.length,
      nameList(users.map(({ label, layer: number }) => `${label} #${number}`)),
      escapeText(layer?.history?.createdBy ?? ''),
      escapeMessage(layer?.missing ?? layer?.doubt ?? ''),
    ];
  });
  const loose = layers.filter(({ users }) => users.length === 0).length;
  return {
    id: 'layers',
    heading: 'Layers by who has them',
    intro: '',
    remarks: [],
    figure: {
      kind: 'layers',
      layers: layers.map((use) => ({ label: layerName(use), bytes: bytesOf(use), users: use.users.length })),
    },
    tables: [
      {
        id: 'layers',
        caption: `${counted(rows.length, 'layer')}, ${loose} of no image or container. web #2 is the second layer of web, from the lowest`,
        columns: [
          { heading: 'Layer', kind: 'id' },
          { heading: 'Verdict', kind: 'state' },
          { heading: 'Kind', kind: 'text' },
          { heading: 'Size', kind: 'bytes' },
          { heading: 'On disk', kind: 'bytes' },
          { heading: 'Users', kind: 'number' },
          { heading: 'Images and containers', kind: 'name' },
          { heading: 'Step', kind: 'code' },
          { heading: 'Damage', kind: 'text' },
        ],
        rows,
        leftOut: 0,
        none: 'None.',
      },
    ],
  };
}

function bytesOf(use: RootLayer): number {
  return layerBytes(use) ?? 0;
}

/** The start of its diff ID, or of what its directory is called. */
function layerName({ layer, name, place }: RootLayer): string {
  if (layer?.diffId !== undefined) return shortName(layer.diffId);
  const path = layer === undefined ? (place?.path ?? name) : name;
  const parts = path.split('/').filter((part) => part !== '' && !['diff', 'fs'].includes(part));
  const own = escapeBytes((parts.at(-1) ?? path) as ByteString);
  return own.replace(/^([0-9a-f]{12})[0-9a-f]{52}/, '$1');
}

export function spaceSection({ places, opened: { usage } }: Examination): ReportSection {
  const rows = USAGE_GROUPS.flatMap(([name, kinds]): TableCell[][] => {
    const own = places.filter(({ kind }) => kinds.includes(kind));
    const { bytes, allocated } = sumOfSizes(own);
    return own.length === 0 ? [] : [[name, own.length, bytes, allocated]];
  });
  const all = sumOfSizes(places);
  return {
    id: 'space',
    heading: 'What takes the space',
    intro: usage instanceof Trouble ? escapeMessage(usage.message) : '',
    remarks: [],
    tables: [
      {
        id: 'space',
        caption: 'Each object once; on disk: allocated',
        columns: [
          { heading: 'What', kind: 'text' },
          { heading: 'Places', kind: 'number' },
          { heading: 'Size', kind: 'bytes' },
          { heading: 'On disk', kind: 'bytes' },
        ],
        rows: rows.length === 0 ? [] : [...rows, ['Everything', null, all.bytes, all.allocated]],
        leftOut: 0,
        none: 'Not measured.',
      },
    ],
  };
}
