import {
  batched,
  type Change,
  type Handler,
  type Notify,
  notified,
  type Resource,
} from '../language/resource.ts';
import { held, unheld } from './apt/held.ts';
import { type AptState, packages as probe } from './apt/state.ts';
import { install, remove, repair } from './apt/transaction.ts';
import { someOf, word } from './check.ts';

export interface PackagesOptions extends Notify {
  /** Whether recommended packages are installed too; default: false. */
  recommends?: boolean;
  /** The preferred release for the packages and their dependencies, for example 'bookworm-backports'; needs its source. */
  release?: string;
}

export interface AbsentOptions extends Notify {
  /** Whether configuration, and data that their scripts remove, is removed too; default: false. */
  purge?: boolean;
}

/** A resource that knows its own input, so that two can be merged. */
interface Packages<O extends Notify> extends Resource<AptState> {
  readonly names: readonly string[];
  readonly options: O;
}

/** Time limit in seconds, for slow machines and slow mirrors. */
const TIMEOUT = 3600;

/**
 * Installs packages: `name`, `name:arch`, `name=version` or `name=1.2*`. A virtual package counts as installed if any
 * installed package provides it. Adjacent resources in a role with equal options and handlers become one transaction.
 */
function present(names: readonly string[], options: PackagesOptions = {}): Resource<AptState> {
  const { recommends = false, release } = options;
  for (const name of someOf('apt.packages', names)) word('apt.packages', name, NAME, 'the name of a package');
  const preferred =
    release === undefined
      ? []
      : ['-t', word('apt.packages', release, /^[a-z][\w./-]*$/, 'the name of a release')];
  const pinned = names.some((name) => name.includes('='))
    ? ['--allow-downgrades', '--allow-change-held-packages']
    : [];
  const flags = [recommends ? '--install-recommends' : '--no-install-recommends', ...pinned, ...preferred];
  const plan = (state: AptState): Change[] => {
    const missing = names.filter((name) => !isPresent(name, state));
    if (missing.length > 0) {
      const script = install([...flags, ...missing]);
      return [{ summary: withRepair(state, `install ${missing.join(', ')}`), script }];
    }
    return state.broken ? [{ summary: REPAIR, script: repair() }] : [];
  };
  return resource('apt.packages', names, options, true, plan, present);
}

/** Removes packages. Dependencies installed with them are kept: whether to run `apt-get autoremove` is up to you. */
function absent(names: readonly string[], options: AbsentOptions = {}): Resource<AptState> {
  const { purge = false } = options;
  for (const name of someOf('apt.absent', names)) word('apt.absent', name, PLAIN, 'the name of a package');
  const plan = (state: AptState): Change[] => {
    const here = names.filter((name) => find(name, state).some(({ status }) => isLeft(status, purge)));
    if (here.length === 0) return [];
    const script = remove(purge ? 'purge' : 'remove', here);
    return [{ summary: withRepair(state, `${purge ? 'purge' : 'remove'} ${here.join(', ')}`), script }];
  };
  return resource('apt.absent', names, options, false, plan, absent);
}

/** Debian packages. */
export const apt = { packages: present, absent, held: Object.assign(held, { absent: unheld }) };

const PLAIN = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?$/;
const NAME = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~*-]+)?$/;
const REPAIR = 'repair an interrupted installation';

function resource<O extends Notify>(
  kind: string,
  names: readonly string[],
  options: O,
  provided: boolean,
  plan: (state: AptState) => Change[],
  make: (names: readonly string[], options: O) => Resource<AptState>,
): Packages<O> {
  const query = { names: names.map((name) => name.replace(/=.*$/, '')), provided };
  return {
    kind,
    name: names.join(' '),
    names,
    options,
    probe: batched(probe, query),
    plan,
    timeout: TIMEOUT,
    ...notified(options),
    join(next) {
      if (next.kind !== kind) return undefined;
      const other = next as Packages<O>;
      if (!sameOptions(options, other.options)) return undefined;
      return make([...new Set([...names, ...other.names])], options);
    },
  };
}

/** Whether two sets of options are equal and notify the same handlers. */
function sameOptions(one: Notify, other: Notify): boolean {
  const handlers = ({ notify }: Notify): readonly Handler[] => (notify === undefined ? [] : [notify].flat());
  const text = (options: Notify) =>
    JSON.stringify(Object.entries({ ...options, notify: undefined }).sort(([a], [b]) => (a < b ? -1 : 1)));
  const [a, b] = [handlers(one), handlers(other)];
  return text(one) === text(other) && a.length === b.length && a.every((handler) => b.includes(handler));
}

const withRepair = ({ broken }: AptState, summary: string) => (broken ? `${REPAIR}, ${summary}` : summary);

function find(name: string, { packages }: AptState) {
  const [plain, architecture] = name.split(':');
  return packages.filter(
    (found) => found.name === plain && (architecture === undefined || architecture === found.architecture),
  );
}

function isPresent(wanted: string, state: AptState): boolean {
  const [name = '', version] = wanted.split('=');
  const installed = find(name, state).filter(({ status }) => /^[ih]i$/.test(status));
  if (version === undefined) return installed.length > 0 || state.provided.has(name);
  const matches = version.endsWith('*')
    ? (found: string) => found.startsWith(version.slice(0, -1))
    : (found: string) => found === version;
  return installed.some((found) => matches(found.version));
}

/** `un` was never installed; of `rc` only configuration is left. Everything else is at least partly installed. */
const isLeft = (status: string, purge: boolean) => !/^.n/.test(status) && (purge || !/^.c/.test(status));
