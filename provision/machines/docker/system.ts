import { didYouMean, inputError } from '../../errors.ts';

/** What a machine runs: an official image, or the same distribution from packages. */
export interface System {
  readonly name: string;
  /** The official image that it stands on where a registry is reached. */
  readonly base: string;
  /** The suite that mmdebstrap builds; `''` where it cannot be built here. */
  readonly suite: string;
  /** Packages that this suite wants besides. */
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

/** What `--image` means; `auto` is decided by what can be reached. @throws ProvisionError (input) */
export function systemNamed(option: string): System | 'auto' {
  if (option === 'auto') return 'auto';
  const system = known[option];
  if (system) return system;
  const words = ['auto', ...Object.keys(known)];
  throw inputError({
    place: '--image',
    what: `containers have no image "${option}"${didYouMean(option, words)}`,
    why: `expected ${words.join(', ')}`,
  });
}
