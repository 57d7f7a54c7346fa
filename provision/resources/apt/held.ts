import { batched, type Notify, notified, type Resource } from '../../language/resource.ts';
import { sh } from '../../shell/sh.ts';
import { someOf, word } from '../check.ts';
import { type AptState, packages } from './state.ts';

/** Packages that upgrades leave alone (apt-mark(8)): they stay at their version until a role names another one. */
export const held = (names: readonly string[], options: Notify = {}): Resource<AptState> =>
  marked('apt.held', 'hold', names, options);

/** Packages that upgrades include again, and that can be removed. */
export const unheld = (names: readonly string[], options: Notify = {}): Resource<AptState> =>
  marked('apt.held.absent', 'unhold', names, options);

/** dpkg records the hold before a package is installed too; a package that it does not know cannot be held. */
function marked(
  kind: string,
  verb: 'hold' | 'unhold',
  names: readonly string[],
  options: Notify,
): Resource<AptState> {
  for (const name of someOf(kind, names)) word(kind, name, /^[a-z0-9][a-z0-9+.-]+$/, 'the name of a package');
  return {
    kind,
    name: names.join(' '),
    probe: batched(packages, { names, provided: false }),
    plan: (state) => {
      const wrong = names.filter((name) => isHeld(name, state) !== (verb === 'hold') && isKnown(name, state));
      const missing = verb === 'hold' ? names.filter((name) => !isKnown(name, state)) : [];
      const all = [...wrong, ...missing];
      if (all.length === 0) return [];
      return [{ summary: `${verb} ${all.join(', ')}`, script: sh`apt-mark ${verb} ${all} >/dev/null` }];
    },
    ...notified(options),
  };
}

const found = (name: string, state: AptState) => state.packages.filter((one) => one.name === name);
/** The first letter is what is wanted, the second what is so: `un` is unknown. */
const isKnown = (name: string, state: AptState) => found(name, state).some(({ status }) => status !== 'un');
const isHeld = (name: string, state: AptState) => found(name, state).some(({ status }) => /^h/.test(status));
