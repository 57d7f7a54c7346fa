import { promisify } from 'node:util';
import type { IBufferCell, IBufferLine } from '@xterm/headless';
import xterm from '@xterm/headless';
import { size } from './recording.ts';

/** Cells side by side that look the same. */
export interface Run {
  readonly column: number;
  readonly text: string;
  /** Of the sixteen of a terminal; undefined for its own. */
  readonly color: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

/** A terminal without a window. */
export interface Screen {
  feed(text: string): Promise<void>;
  /** What is in sight, a list of runs for each row. */
  rows(): Run[][];
  /** All that it has shown, also what has gone out of sight; a line that was too long is one. */
  lines(): string[];
}

export function newScreen(): Screen {
  const terminal = new xterm.Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: 100_000,
    allowProposedApi: true,
  });
  const write = promisify((text: string, done: () => void) => terminal.write(text, done));
  const buffer = () => terminal.buffer.active;
  const line = (at: number) => buffer().getLine(at);
  return {
    feed: (text) => write(text),
    rows: () => Array.from({ length: size.rows }, (_, at) => runsOf(line(buffer().viewportY + at))),
    lines() {
      const lines: string[] = [];
      for (let at = 0; at < buffer().length; at++) {
        const text = line(at)?.translateToString(true) ?? '';
        if (line(at)?.isWrapped) lines.splice(-1, 1, `${lines.at(-1)}${text}`);
        else lines.push(text);
      }
      return lines;
    },
  };
}

function runsOf(line: IBufferLine | undefined): Run[] {
  const runs: Run[] = [];
  const end = line?.translateToString(true).length ?? 0;
  for (let column = 0; column < end; column++) {
    const cell = line?.getCell(column);
    if (!cell) continue;
    const text = cell.getChars() || ' ';
    const [last, look] = [runs.at(-1), lookOf(cell)];
    if (last && sameLook(last, look)) runs.splice(-1, 1, { ...last, text: last.text + text });
    else runs.push({ column, text, ...look });
  }
  return runs;
}

type Look = Pick<Run, 'color' | 'bold' | 'dim'>;

const lookOf = (cell: IBufferCell): Look => ({
  color: cell.isFgPalette() ? cell.getFgColor() : undefined,
  bold: cell.isBold() !== 0,
  dim: cell.isDim() !== 0,
});

const sameLook = (a: Look, b: Look) => a.color === b.color && a.bold === b.bold && a.dim === b.dim;
