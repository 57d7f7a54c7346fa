import { promisify } from 'node:util';
import type { IBufferCell, IBufferLine } from '@xterm/headless';
import xterm from '@xterm/headless';
import { size } from './recording.ts';

/** Adjacent cells with the same style. */
export interface Run {
  readonly column: number;
  readonly text: string;
  /** One of the sixteen terminal colours; undefined for the default. */
  readonly color: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

/** A headless terminal. */
export interface Screen {
  feed(text: string): Promise<void>;
  /** The visible rows, each a list of runs. */
  rows(): Run[][];
  /** All lines, also those scrolled out of sight. A wrapped line is one line. */
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
    const [last, style] = [runs.at(-1), styleOf(cell)];
    if (last && sameStyle(last, style)) runs.splice(-1, 1, { ...last, text: last.text + text });
    else runs.push({ column, text, ...style });
  }
  return runs;
}

type Style = Pick<Run, 'color' | 'bold' | 'dim'>;

const styleOf = (cell: IBufferCell): Style => ({
  color: cell.isFgPalette() ? cell.getFgColor() : undefined,
  bold: cell.isBold() !== 0,
  dim: cell.isDim() !== 0,
});

const sameStyle = (a: Style, b: Style) => a.color === b.color && a.bold === b.bold && a.dim === b.dim;
