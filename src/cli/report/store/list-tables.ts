// What a root holds, as tables: images, containers, volumes.
import type { ReportSection, ReportTable, TableCell } from '../../../report/store/record.ts';
import type { ContainerSummary } from '../../../store/summary.ts';
import { asBytes } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import { escapeBytes, escapeMessage, escapeText } from '../../../told/escape.ts';
import { containerUsages, imageUsages } from '../../examine/usage-sums.ts';
import { counted } from '../../print/count.ts';
import { NOT_VERIFIED, nameList, shortName, timeText } from './cells.ts';
import type { Examination } from './examination.ts';
import { labelOfContainer, labelOfImage, type StoreList } from './subjects.ts';
import type { Verdicts } from './verification.ts';

/** Which store and namespace, where there are several. */
function placeColumn(lists: readonly StoreList[]): {
  readonly heads: ReportTable['columns'];
  readonly of: (list: StoreList) => TableCell[];
} {
  if (lists.length < 2) return { heads: [], of: () => [] };
  return {
    heads: [{ heading: 'Store', kind: 'text' }],
    of: ({ store, namespace }) => [
      escapeText(namespace === undefined ? store.name : `${store.name}, ${namespace}`),
    ],
  };
}

export function imageSection(examined: Examination, verdicts: Verdicts | undefined): ReportSection {
  const { lists, usage } = examined.opened;
  const place = placeColumn(lists);
  const sizes = new Map(
    usage instanceof Trouble
      ? []
      : imageUsages(usage, examined.places).map((one) => [`${one.namespace ?? ''} ${one.id}`, one]),
  );
  const users = containersByImage(lists);
  const rows = lists.flatMap((list) =>
    list.images.map((image): TableCell[] => {
      const { store, namespace } = list;
      const size = sizes.get(`${namespace ?? ''} ${image.id}`) ?? sizes.get(` ${image.id}`);
      return [
        `${nameList(image.tags.length > 0 ? image.tags : [labelOfImage(image)])}${image.intermediate ? ' (intermediate)' : ''}`,
        verdicts?.ofSubject(store.name, 'image', image.id) ?? NOT_VERIFIED,
        shortName(image.id),
        timeText(image.created),
        layersOf(examined, 'image', image.id),
        image.size ?? null,
        size?.whole.allocated ?? null,
        size?.unique.allocated ?? null,
        nameList(users.get(image.id) ?? []),
        escapeMessage(image.damage ?? ''),
        ...place.of(list),
      ];
    }),
  );
  return {
    id: 'images',
    heading: 'Images',
    intro: '',
    remarks: [],
    tables: [
      {
        id: 'images',
        caption: `${counted(rows.length, 'image')}, newest first. Size: as recorded. Its own: on disk, what no other image or container has`,
        columns: [
          { heading: 'Image', kind: 'name' },
          { heading: 'Verdict', kind: 'state' },
          { heading: 'ID', kind: 'id' },
          { heading: 'Created', kind: 'time' },
          { heading: 'Layers', kind: 'number' },
          { heading: 'Size', kind: 'bytes' },
          { heading: 'On disk', kind: 'bytes' },
          { heading: 'Its own', kind: 'bytes' },
          { heading: 'Containers', kind: 'name' },
          { heading: 'Damage', kind: 'text' },
          ...place.heads,
        ],
        rows,
        leftOut: 0,
        none: 'None.',
      },
    ],
  };
}

function containersByImage(lists: readonly StoreList[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const container of lists.flatMap(({ containers }) => containers)) {
    const { imageId } = container;
    if (imageId !== undefined)
      users.set(imageId, [...(users.get(imageId) ?? []), labelOfContainer(container)]);
  }
  return users;
}

function layersOf({ opened }: Examination, kind: 'image' | 'container', id: string): number | null {
  return opened.stacks.find((one) => one.kind === kind && one.id === id)?.stack.layers.length ?? null;
}

export function containerSection(examined: Examination, verdicts: Verdicts | undefined): ReportSection {
  const { lists, usage } = examined.opened;
  const place = placeColumn(lists);
  const sizes = new Map(
    usage instanceof Trouble ? [] : containerUsages(usage, examined.places).map((one) => [one.id, one]),
  );
  const rows = lists.flatMap((list) =>
    list.containers.map((container): TableCell[] => {
      const size = sizes.get(container.id);
      return [
        escapeText(labelOfContainer(container)),
        verdicts?.ofSubject(list.store.name, 'container', container.id) ?? NOT_VERIFIED,
        shortName(container.id),
        escapeText(container.image),
        statusWords(container),
        timeText(container.created),
        timeText(container.startedAt),
        timeText(container.finishedAt),
        escapeText(container.command ?? ''),
        size?.own.bytes ?? null,
        size?.log.bytes ?? null,
        escapeMessage(container.damage ?? ''),
        ...place.of(list),
      ];
    }),
  );
  return {
    id: 'containers',
    heading: 'Containers',
    intro: '',
    remarks: [],
    tables: [
      {
        id: 'containers',
        caption: `${counted(rows.length, 'container')}, newest first. State: as last recorded, which a copied store may be long past. Its own: files of its own layer`,
        columns: [
          { heading: 'Container', kind: 'name' },
          { heading: 'Verdict', kind: 'state' },
          { heading: 'ID', kind: 'id' },
          { heading: 'Image', kind: 'name' },
          { heading: 'State', kind: 'text' },
          { heading: 'Created', kind: 'time' },
          { heading: 'Started', kind: 'time' },
          { heading: 'Ended', kind: 'time' },
          { heading: 'Command', kind: 'code' },
          { heading: 'Its own', kind: 'bytes' },
          { heading: 'Log', kind: 'bytes' },
          { heading: 'Damage', kind: 'text' },
          ...place.heads,
        ],
        rows,
        leftOut: 0,
        none: 'None.',
      },
    ],
  };
}

function statusWords({ status, infra, pod }: ContainerSummary): string {
  const words = [
    status,
    ...(pod === undefined ? [] : [`in the pod ${pod}`]),
    ...(infra ? ['holds a pod'] : []),
  ];
  return escapeText(words.filter((word) => word !== '').join(', '));
}

export function volumeSection({ volumes }: Examination): ReportSection {
  const rows = volumes.map(({ place, facts, users }): TableCell[] => [
    escapeBytes(asBytes(place.id)),
    place.bytes,
    place.allocated,
    nameList(users.map(({ label, at }) => (at === undefined ? label : `${label} at ${at}`))),
    Object.entries(facts)
      .map(([name, value]) => `${escapeText(name)}: ${escapeText(value)}`)
      .join('; '),
  ]);
  return {
    id: 'volumes',
    heading: 'Volumes',
    intro: '',
    remarks: [],
    tables: [
      {
        id: 'volumes',
        caption: `${counted(rows.length, 'volume')}; nothing in them was read`,
        columns: [
          { heading: 'Volume', kind: 'name' },
          { heading: 'Size', kind: 'bytes' },
          { heading: 'On disk', kind: 'bytes' },
          { heading: 'Used by', kind: 'name' },
          { heading: 'Recorded', kind: 'code' },
        ],
        rows,
        leftOut: 0,
        none: 'None.',
      },
    ],
  };
}
