import type { Machine } from '../../provision/index.ts';
import { type Box, type Picture, type Tier, tiers } from './model.ts';

/** Sizes in pixels. A column is one tier; a bus is between two of them. */
const BOX = { width: 176, gap: 12, head: 24, line: 16, pad: 10 };
const [LEFT, COLUMN, BUS, FRAME, HEADER] = [190, BOX.width, 92, 22, 34];

/** Rows below the machines: services that run on any node, and jobs. */
const BELOW = { free: 'on any node', jobs: 'run once, in order' };

const style = `
.bg { fill: #fff } .frame { fill: #f3f6fb; stroke: #7a8aa8; stroke-width: 1.5; stroke-dasharray: 6 4 }
.box { fill: #fff; stroke: #334; stroke-width: 1.5 } .job { stroke-dasharray: 3 3 } .bus { fill: #dde5f3 }
.line { stroke: #334; stroke-width: 1.5; fill: none } .tip { fill: #334 } text { fill: #1c2433 } .small { font-size: 12px; fill: #56627a }
@media (prefers-color-scheme: dark) {
.bg { fill: #0f131b } .frame { fill: #171d2a; stroke: #5a6a8a } .box { fill: #202838; stroke: #a9b6d0 } .bus { fill: #2c3750 }
.line { stroke: #a9b6d0 } .tip { fill: #a9b6d0 } text { fill: #e7ecf6 } .small { fill: #a3aec4 } }`;

/** A picture as SVG. The same model gives the same text. No external font, style or script. */
export function svgOf({ title, description, machines, boxes, buses, rows: below = BELOW }: Picture): string {
  const rows = rowsOf(machines, boxes, below);
  const width = LEFT + 2 * FRAME + tiers.length * COLUMN + (tiers.length - 1) * BUS + 20;
  const placed = stacked(rows);
  const height = (placed.at(-1)?.bottom ?? 0) + 20;
  const machinesEnd = placed.filter(({ row }) => row.isMachine).at(-1)?.bottom ?? 0;
  const parts = [
    ...placed.map(({ row, top, bottom }) => frame(row, top, bottom, width)),
    ...buses.map(({ name, words, between: [from] }) => {
      const x = columnOf(from) + COLUMN + BUS / 2;
      const touched = placed.filter(({ row }) =>
        row.boxes.some(({ networks, tier }) => networks.includes(name) && touches(tier, from)),
      );
      const top = (touched[0]?.top ?? placed[0]?.top ?? 0) + HEADER;
      return bus(words, x, top, Math.max(touched.at(-1)?.bottom ?? machinesEnd, machinesEnd) - 14);
    }),
    ...placed.flatMap(({ row, top }) => row.boxes.map((box) => drawn(box, top, row, buses))),
    ...entrances(placed, machines),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14" role="img" aria-labelledby="title desc">
<title id="title">${escaped(title)}</title>
<desc id="desc">${escaped(description)}</desc>
<style>${style}
</style>
<rect class="bg" width="${width}" height="${height}" rx="10"/>
${parts.join('\n')}
</svg>
`;
}

interface Row {
  readonly name: string;
  readonly words: string;
  readonly isMachine: boolean;
  readonly boxes: readonly Box[];
}

function rowsOf(
  machines: Readonly<Record<string, Machine>>,
  boxes: readonly Box[],
  below: typeof BELOW,
): Row[] {
  const rows = Object.entries(machines).map(([name, { memory, address }]) => ({
    name,
    words: [address, `${memory} MiB`].filter(Boolean).join(' · '),
    isMachine: true,
    boxes: boxes.filter((box) => box.machines.includes(name)),
  }));
  const free = boxes.filter(({ machines, job }) => machines.length === 0 && !job);
  const jobs = boxes.filter(({ job }) => job);
  const more = [
    { name: below.free, boxes: free },
    { name: below.jobs, boxes: jobs },
  ].filter(({ boxes }) => boxes.length > 0);
  return [...rows, ...more.map((row) => ({ ...row, words: '', isMachine: false }))];
}

interface Placed {
  readonly row: Row;
  readonly top: number;
  readonly bottom: number;
}

/** The rows below each other, each as high as its fullest column. */
function stacked(rows: readonly Row[]): Placed[] {
  let top = 20;
  return rows.map((row) => {
    const columns = tiers.map((tier) =>
      row.boxes.filter((box) => box.tier === tier).reduce((sum, box) => sum + heightOf(box) + BOX.gap, 0),
    );
    const bottom = top + HEADER + Math.max(...columns, 20) + 8;
    const placed = { row, top, bottom };
    top = bottom + 16;
    return placed;
  });
}

const heightOf = ({ notes }: Box) => BOX.head + notes.length * BOX.line + BOX.pad;

const columnOf = (tier: Tier) => LEFT + FRAME + tiers.indexOf(tier) * (COLUMN + BUS);

/** Whether a bus that starts right of one tier is next to this tier. */
const touches = (tier: Tier, from: Tier) => Math.abs(tiers.indexOf(tier) - tiers.indexOf(from) - 0.5) < 1;

function frame({ name, words, isMachine }: Row, top: number, bottom: number, width: number): string {
  const weight = isMachine ? ' font-weight="600"' : ' class="small"';
  const more = words ? `<tspan class="small" font-weight="400" dx="10">${escaped(words)}</tspan>` : '';
  return `<rect class="frame" x="${LEFT}" y="${top}" width="${width - LEFT - 20}" height="${bottom - top}" rx="14"/>
<text x="${LEFT + 16}" y="${top + 22}"${weight}>${escaped(name)}${more}</text>`;
}

function bus(words: string, x: number, top: number, bottom: number): string {
  const middle = (top + bottom) / 2;
  return `<rect class="bus" x="${x - 12}" y="${top}" width="24" height="${bottom - top}" rx="12"/>
<text class="small" text-anchor="middle" transform="translate(${x + 4} ${middle}) rotate(-90)">${escaped(words)}</text>`;
}

/** A box in its column, with a line to each of its buses. */
function drawn(box: Box, rowTop: number, row: Row, buses: Picture['buses']): string {
  const above = row.boxes.slice(0, row.boxes.indexOf(box)).filter(({ tier }) => tier === box.tier);
  const y = rowTop + HEADER + above.reduce((sum, one) => sum + heightOf(one) + BOX.gap, 0);
  const [x, height] = [columnOf(box.tier), heightOf(box)];
  const lines = buses
    .filter(({ name, between }) => box.networks.includes(name) && between.includes(box.tier))
    .map(({ between: [from] }) => {
      const [start, end] =
        from === box.tier ? [x + COLUMN, x + COLUMN + BUS / 2 - 12] : [x, x - BUS / 2 + 12];
      return `<path class="line" d="M${start} ${y + height / 2}H${end}"/>`;
    });
  const notes = box.notes.map(
    (note, at) =>
      `<text class="small" x="${x + COLUMN / 2}" y="${y + BOX.head + 11 + at * BOX.line}" text-anchor="middle">${escaped(short(note))}</text>`,
  );
  return [
    `<rect class="box${box.job ? ' job' : ''}" x="${x}" y="${y}" width="${COLUMN}" height="${height}" rx="8"/>`,
    `<text x="${x + COLUMN / 2}" y="${y + 20}" text-anchor="middle">${escaped(short(box.name))}</text>`,
    ...notes,
    ...lines,
  ].join('\n');
}

/** Arrows from the ports that machines.yml forwards to each box with a published port. */
function entrances(placed: readonly Placed[], machines: Readonly<Record<string, Machine>>): string[] {
  const x = columnOf('in');
  return placed.flatMap(({ row, top }) => {
    const first = row.boxes.find(({ tier }) => tier === 'in');
    const [port] = Object.keys(machines[row.name]?.forward ?? {});
    if (!first || port === undefined) return [];
    const y = top + HEADER + heightOf(first) / 2;
    return [
      `<rect class="box" x="20" y="${y - 22}" width="128" height="44" rx="8"/>
<text x="84" y="${y - 2}" text-anchor="middle">you</text>
<text class="small" x="84" y="${y + 14}" text-anchor="middle">127.0.0.1:${port}</text>
<path class="line" d="M148 ${y}H${x - 8}"/><path class="tip" d="M${x - 9} ${y - 5}l9 5-9 5z"/>`,
    ];
  });
}

/** A text, shortened to fit into a box. */
const short = (text: string) => (text.length <= 26 ? text : `${text.slice(0, 25)}…`);

const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
