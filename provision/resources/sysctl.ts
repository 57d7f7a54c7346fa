import { inputError } from '../errors.ts';
import {
  type Batch,
  batched,
  type Change,
  type Notify,
  notified,
  type Resource,
} from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { type Script, sh } from '../shell/sh.ts';
import { word } from './check.ts';
import { write } from './draft.ts';

/** A kernel setting: its current value and the line stored for the next boot; undefined if there is none. */
export interface Setting {
  readonly live?: string;
  readonly stored?: string;
}

/**
 * Kernel settings, now and after a reboot: `sysctl('vm.swappiness', 10)` or `sysctl({ 'vm.swappiness': 10, … })`. Each
 * is stored in its own file, /etc/sysctl.d/90-NAME.conf.
 */
export function sysctl(key: string, value: string | number, options?: Notify): Resource<readonly Setting[]>;
export function sysctl(
  values: Readonly<Record<string, string | number>>,
  options?: Notify,
): Resource<readonly Setting[]>;
export function sysctl(
  first: string | Readonly<Record<string, string | number>>,
  second: string | number | Notify = {},
  third: Notify = {},
): Resource<readonly Setting[]> {
  const values = typeof first === 'string' ? { [first]: typeof second === 'object' ? '' : second } : first;
  const options = typeof second === 'object' ? second : third;
  const wanted = Object.entries(values).map(([key, value]): [string, string] => [
    word(
      `sysctl ${key}`,
      key,
      /^[a-z0-9_-]+(\.[A-Za-z0-9_*-]+)+$/,
      'the name of a setting: a name with dots',
    ),
    word(`sysctl ${key}`, single(String(value)), /^[\x20-\x7e]+$/, 'a value on one line'),
  ]);
  if (wanted.length === 0) throw inputError({ place: 'sysctl', what: 'no settings given' });
  const keys = wanted.map(([key]) => key);
  return {
    kind: 'sysctl',
    name: keys.join(' '),
    probe: batched(settings, keys),
    plan: (state) => wanted.flatMap(([key, value], i) => plan(key, value, state[i] ?? {})),
    ...notified(options),
  };
}

/**
 * Probes all settings of one exchange with one process. The shell's `read` does not work here, because a file in
 * /proc/sys must be read with a single read(2).
 */
export const settings: Batch<readonly string[], readonly Setting[]> = { name: 'sysctl', script, read };

const live = (key: string) => `/proc/sys/${key.replaceAll('.', '/')}`;
const stored = (key: string) => `/etc/sysctl.d/90-${key}.conf`;

/** Prints `PATH:LINE` for each line of each file that exists. */
function script(queries: readonly (readonly string[])[]): Script {
  const keys = [...new Set(queries.flat())];
  return sh`grep -s '' /dev/null ${keys.flatMap((key) => [live(key), stored(key)])} || :`;
}

function read({ stdout }: Seen, queries: readonly (readonly string[])[]): Setting[][] {
  const found = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [path = '', ...words] = line.split(':');
    found.set(path, [...(found.has(path) ? [found.get(path)] : []), words.join(':')].join('\n'));
  }
  return queries.map((keys) =>
    keys.map((key) => {
      const [now, file] = [found.get(live(key)), found.get(stored(key))];
      return { ...(now === undefined ? {} : { live: now }), ...(file === undefined ? {} : { stored: file }) };
    }),
  );
}

/** Normalises white space: the kernel separates values with tabs. */
const single = (value: string) => value.trim().replace(/\s+/g, ' ');

function plan(key: string, value: string, state: Setting): Change[] {
  const [file, line] = [stored(key), `${key} = ${value}`];
  const ownership = { owner: 'root', group: 'root', mode: '0644' };
  const changes: Change[] = [];
  if (state.stored !== line) {
    changes.push({
      summary: state.stored === undefined ? `store ${line}` : `change stored ${state.stored} → ${line}`,
      script: write(file, { text: `${line}\n`, secrets: [] }, ownership),
    });
  }
  if (single(state.live ?? '') !== value) {
    changes.push({
      summary: `change ${key} ${state.live === undefined ? '(no such setting)' : single(state.live)} → ${value}`,
      script: sh`printf '%s\n' ${value} >${live(key)}`,
    });
  }
  return changes;
}
