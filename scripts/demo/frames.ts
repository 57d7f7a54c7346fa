import type { Moment } from './recording.ts';
import { newScreen, type Run } from './screen.ts';

/** The visible rows, and how long they are shown. */
export interface Frame {
  readonly seconds: number;
  readonly rows: readonly (readonly Run[])[];
}

/** Seconds: a pause shorter than `least` is skipped; during one of at least `read`, the viewer reads. */
const QUIET = { least: 0.3, read: 1.5 };
/** Seconds for which a frame is shown. */
const SHOWN = { briefly: 0.5, read: 2 };

/** The pauses of a recording as frames. If there are too many, shorter pauses are left out. */
export async function framesOf(moments: readonly Moment[], most: number): Promise<Frame[]> {
  const all: Frame[] = [];
  const screen = newScreen();
  for (const [at, { text }] of moments.entries()) {
    await screen.feed(text);
    const pause = moments[at + 1]?.delay ?? QUIET.read;
    if (pause < QUIET.least) continue;
    const frame = { seconds: pause < QUIET.read ? SHOWN.briefly : SHOWN.read, rows: screen.rows() };
    if (JSON.stringify(frame.rows) === JSON.stringify(all.at(-1)?.rows)) all.pop();
    all.push(frame);
  }
  return thinned(all, most);
}

function thinned(frames: readonly Frame[], most: number): Frame[] {
  const read = frames.filter(({ seconds }) => seconds === SHOWN.read);
  const room = Math.max(0, most - read.length);
  const brief = frames.filter((frame) => !read.includes(frame));
  const kept = new Set([...every(read, most), ...every(brief, room)]);
  return frames.filter((frame) => kept.has(frame));
}

/** Selects `most` of them evenly, including the last. */
const every = <T>(all: readonly T[], most: number): T[] => {
  const before = (at: number) => Math.floor((at * most) / all.length);
  return all.filter((_, at) => before(at + 1) > before(at));
};
