import { type Frame, framesOf } from './frames.ts';
import { type Recording, size } from './recording.ts';
import type { Run } from './screen.ts';

/** Sizes in pixels of a cell, the title bar and the border. */
const CELL = { width: 8.4, height: 18, base: 13.5 };
const [BAR, EDGE] = [34, 14];
const FRAMES = 44;

const width = size.columns * CELL.width;
const height = size.rows * CELL.height;
const colors = ['#6e7681', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6edf3'];

/**
 * A summary of a recording as an animated, self-contained picture. For viewers that prefer reduced motion it shows the
 * last frame of a run that changed nothing.
 */
export async function svgOf({ moments, about }: Recording, title: string): Promise<string> {
  const frames = await framesOf(moments, FRAMES);
  const poster = Math.max(
    0,
    frames.findLastIndex(({ rows }) => /changed=0/.test(textOf(rows))),
  );
  const rows = new Map<string, string>();
  const film = frames.map((frame, at) => drawn(frame, at * height, rows)).join('\n');
  const [w, h] = [width + 2 * EDGE, height + BAR + EDGE];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="title desc">
<title id="title">${escaped(title)}</title>
<desc id="desc">A terminal, recorded from a real run of ${escaped(about.THEAPP ?? '')}. It ends with: ${escaped(lastLine(frames))}</desc>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre }
.b { font-weight: 700 } .d { fill: #8b949e } ${colors.map((color, at) => `.c${at} { fill: ${color} }`).join(' ')}
${animation(frames)}
</style>
<rect width="${w}" height="${h}" rx="10" fill="#0d1117"/>
<circle cx="20" cy="17" r="5.5" fill="#ff5f57"/><circle cx="38" cy="17" r="5.5" fill="#febc2e"/><circle cx="56" cy="17" r="5.5" fill="#28c840"/>
<text x="${w / 2}" y="22" text-anchor="middle" class="d">${escaped(title)}</text>
<defs>
${[...rows].map(([row, id]) => `<g id="${id}">${row}</g>`).join('\n')}
</defs>
<svg aria-hidden="true" x="${EDGE}" y="${BAR}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<g class="film" transform="translate(0 ${-poster * height})">
${film}
</g>
</svg>
</svg>
`;
}

/** The frames are below each other; the animation jumps from one to the next. */
function animation(frames: readonly Frame[]): string {
  const total = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  let at = 0;
  const steps = frames.map(({ seconds }, i) => {
    const step = `${((at / total) * 100).toFixed(2)}% { transform: translateY(${-i * height}px) }`;
    at += seconds;
    return step;
  });
  return `@media (prefers-reduced-motion: no-preference) { .film { animation: film ${total.toFixed(1)}s step-end infinite } }
@keyframes film { ${steps.join(' ')} }`;
}

/** Identical rows are drawn once and reused. */
function drawn({ rows }: Frame, top: number, known: Map<string, string>): string {
  const used = rows.flatMap((runs, at) => {
    if (runs.length === 0) return [];
    const row = runs.map(text).join('');
    const id = known.get(row) ?? `r${known.size}`;
    known.set(row, id);
    return [`<use href="#${id}" y="${top + at * CELL.height}"/>`];
  });
  return used.join('');
}

function text({ column, text, color, bold, dim }: Run): string {
  const shown = text.trimEnd();
  if (shown === '') return '';
  const classes = [...(bold ? ['b'] : []), ...(dim ? ['d'] : color === undefined ? [] : [`c${color % 8}`])];
  const x = (column * CELL.width).toFixed(1);
  const wide = (shown.length * CELL.width).toFixed(1);
  return `<text x="${x}" y="${CELL.base}" textLength="${wide}"${classes.length > 0 ? ` class="${classes.join(' ')}"` : ''}>${escaped(shown)}</text>`;
}

const textOf = (rows: Frame['rows']) => rows.map((runs) => runs.map(({ text }) => text).join('')).join('\n');

const lastLine = (frames: readonly Frame[]) =>
  textOf(frames.at(-1)?.rows ?? [])
    .trim()
    .split('\n')
    .at(-1) ?? '';

const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
