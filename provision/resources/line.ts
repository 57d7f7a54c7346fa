import { inputError } from '../errors.ts';
import { type Change, type Notify, notified, type Resource } from '../language/resource.ts';
import { isSecret, reveal, type Secret } from '../shell/secret.ts';
import { absolute, type Ownership, owned } from './check.ts';
import { describe, refusal, write } from './draft.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface LineOptions extends Ownership, Notify {
  line: string | Secret;
  /** Replaces the last line that matches. If no line matches, the line is added at the end. */
  match?: RegExp;
  /** Creates a missing file with this owner and mode (default: true). An existing file keeps its own. */
  create?: boolean;
  /** Hides the diff, for files that contain secrets. */
  sensitive?: boolean;
}

interface Wanted {
  readonly path: string;
  /** Returns the desired text, which is the same text if it needs no change. */
  edit(text: string): string;
  readonly secrets: readonly string[];
  readonly sensitive: boolean;
  readonly summary: string;
}

/** One line in a file of up to 1 MiB that is also edited by others. */
function present(path: string, options: LineOptions): Resource<PathState> {
  const name = absolute('line', path);
  const text = isSecret(options.line) ? reveal(options.line) : options.line;
  if (/[\n\0]/.test(text))
    throw inputError({ place: `line ${name}`, what: 'the line contains a newline or a NUL byte' });
  const secrets = isSecret(options.line) ? [text] : [];
  const ownership = owned(`line ${name}`, options, '0644');
  const sensitive = options.sensitive === true || secrets.length > 0;
  const match = stateless(options.match);
  const wanted = {
    path: name,
    secrets,
    sensitive,
    edit: (old: string) => put(old, text, match),
    summary: 'set the line',
  };
  return {
    kind: 'line',
    name: sensitive ? name : `${name}: ${text}`,
    probe: probePath({ path: name, text: 'always' }),
    plan: (state) =>
      state.kind !== 'absent'
        ? planned(wanted, state)
        : options.create === false
          ? [refusal(`${name} does not exist`, 'to create it, set create: true')]
          : changed(wanted, '', `${text}\n`, 'create', ownership),
    ...notified(options),
  };
}

/** Removes lines that are equal to a text or match an expression. */
function absent(
  path: string,
  options: Notify & { match: string | RegExp; sensitive?: boolean },
): Resource<PathState> {
  const name = absolute('line.absent', path);
  const { match, sensitive = false } = options;
  const pattern = typeof match === 'string' ? undefined : stateless(match);
  const matches = (line: string) => (pattern ? pattern.test(line) : line === match);
  const edit = (text: string) => {
    const kept = split(text).filter((line) => !matches(line));
    return kept.length === split(text).length ? text : joined(kept);
  };
  return {
    kind: 'line.absent',
    name: `${name}: ${match}`,
    probe: probePath({ path: name, text: 'always' }),
    plan: (state) =>
      state.kind === 'absent'
        ? []
        : planned({ path: name, secrets: [], sensitive, edit, summary: 'remove the line' }, state),
    ...notified(options),
  };
}

export const line = Object.assign(present, { absent });

function planned(wanted: Wanted, state: PathState): readonly Change[] {
  const { path, summary } = wanted;
  if (state.kind !== 'file')
    return [refusal(`${path} is a ${describe(state)}`, 'use the path of a regular file')];
  if (state.text === undefined)
    return [refusal(`${path} is not a text file of at most 1 MiB`, 'to replace the whole file, use file(…)')];
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

/** Removes the flags that make an expression remember its last position. */
const stateless = (match: RegExp | undefined) =>
  match && new RegExp(match.source, match.flags.replace(/[gy]/g, ''));
