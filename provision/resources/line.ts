import { inputError } from '../errors.ts';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { isSecret, reveal, type Secret } from '../shell/secret.ts';
import { absolute, type Ownership, owned } from './check.ts';
import { refusal, standing, write } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface LineOptions extends Ownership, Notify {
  line: string | Secret;
  /** Which line it takes the place of: the last that fits. Without a line that fits, it is added at the end. */
  match?: RegExp;
  /** Makes the file when there is none (true unless said), with this owner and mode; one that exists keeps its own. */
  create?: boolean;
  /** The diff is not shown: for files that hold secrets. */
  sensitive?: boolean;
}

interface Wanted {
  readonly path: string;
  /** The text as it should be; the same text when it is so already. */
  edit(text: string): string;
  readonly secrets: readonly string[];
  readonly sensitive: boolean;
  readonly summary: string;
}

/** One line in a file of up to 1 MiB that others write too. */
function present(path: string, options: LineOptions): Resource<PathState> {
  const name = absolute('line', path);
  const text = isSecret(options.line) ? reveal(options.line) : options.line;
  if (/[\n\0]/.test(text))
    throw inputError({ place: `line ${name}`, what: 'the line holds a line break or NUL' });
  const secrets = isSecret(options.line) ? [text] : [];
  const ownership = owned(`line ${name}`, options, '0644');
  const sensitive = options.sensitive === true || secrets.length > 0;
  const match = still(options.match);
  const wanted = {
    path: name,
    secrets,
    sensitive,
    edit: (old: string) => put(old, text, match),
    summary: 'line',
  };
  return {
    kind: 'line',
    name: sensitive ? name : `${name}: ${text}`,
    probe: probePath({ path: name, text: 'always' }),
    plan: (state) =>
      state.kind !== 'absent'
        ? planned(wanted, state)
        : options.create === false
          ? [refusal(`${name} does not exist`, 'create: true makes it')]
          : changed(wanted, '', `${text}\n`, 'create', ownership),
    ...notified(options),
  };
}

/** No line that is this text, or that fits this expression. */
function gone(
  path: string,
  options: Notify & { match: string | RegExp; sensitive?: boolean },
): Resource<PathState> {
  const name = absolute('line.absent', path);
  const { match, sensitive = false } = options;
  const pattern = typeof match === 'string' ? undefined : still(match);
  const fits = (line: string) => (pattern ? pattern.test(line) : line === match);
  const edit = (text: string) => {
    const kept = split(text).filter((line) => !fits(line));
    return kept.length === split(text).length ? text : joined(kept);
  };
  return {
    kind: 'line.absent',
    name: `${name}: ${match}`,
    probe: probePath({ path: name, text: 'always' }),
    plan: (state) =>
      state.kind === 'absent'
        ? []
        : planned({ path: name, secrets: [], sensitive, edit, summary: 'remove line' }, state),
    ...notified(options),
  };
}

export const line = Object.assign(present, { absent: gone });

function planned(wanted: Wanted, state: PathState): readonly Change[] {
  const { path, summary } = wanted;
  if (state.kind !== 'file') return [refusal(`${path} is a ${standing(state)}`, 'name the file itself')];
  if (state.text === undefined)
    return [refusal(`${path} is not text of at most 1 MiB`, 'write it whole with file(…)')];
  const after = wanted.edit(state.text);
  if (after === state.text) return [];
  return changed(wanted, state.text, after, summary, {
    owner: state.uid,
    group: state.gid,
    mode: state.mode,
  });
}

function changed(
  { path, secrets, sensitive }: Wanted,
  before: string,
  after: string,
  summary: string,
  ownership: Required<Ownership>,
): readonly Change[] {
  const diff = sensitive ? { path, before: '(secret)\n', after: '(secret)\n' } : { path, before, after };
  return [{ summary, diff, script: write(path, { text: after, secrets }, ownership) }];
}

function put(text: string, line: string, match: RegExp | undefined): string {
  const all = split(text);
  const last = match ? all.findLastIndex((old) => match.test(old)) : -1;
  if (last < 0) return all.includes(line) ? text : joined([...all, line]);
  return all[last] === line ? text : joined(all.with(last, line));
}

const split = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
const joined = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');

/** Without the flags that make an expression remember where it stopped. */
const still = (match: RegExp | undefined) =>
  match && new RegExp(match.source, match.flags.replace(/[gy]/g, ''));
