import { didYouMean, inputError } from '../../errors.ts';

/** The operating system of a machine, from an official image or from packages of the same distribution. */
export interface System {
  readonly name: string;
  /** The official image that it is based on if a registry can be reached. */
  readonly base: string;
  /** The suite that mmdebstrap builds; `''` if it cannot be built from packages. */
  readonly suite: string;
  /** Additional packages for this suite. */
  readonly packages: readonly string[];
}

export const ubuntu: System = { name: 'ubuntu-24.04', base: 'ubuntu:24.04', suite: '', packages: [] };
export const debian13: System = {
  name: 'debian-13',
  base: 'debian:13',
  suite: 'trixie',
  packages: ['linux-sysctl-defaults'],
};
const debian12: System = { name: 'debian-12', base: 'debian:12', suite: 'bookworm', packages: [] };

const known: Record<string, System> = {
  'ubuntu-24.04': ubuntu,
  'debian-13': debian13,
  'debian-12': debian12,
  debian: debian13,
};

/** The system for a value of `--image`; `auto` is decided later, by what can be reached. @throws ProvisionError (input) */
export function systemNamed(option: string): System | 'auto' {
  if (option === 'auto') return 'auto';
  const system = known[option];
  if (system) return system;
  const words = ['auto', ...Object.keys(known)];
  throw inputError({
    place: '--image',
    what: `unknown container image "${option}"${didYouMean(option, words)}`,
    why: `expected ${words.join(', ')}`,
  });
}
