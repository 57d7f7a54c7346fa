import type { Vars } from './vars.ts';

/** Values of .env that are derived from other variables. */
export const derived = ({ vhosts, drain_seconds }: Pick<Vars, 'vhosts' | 'drain_seconds'>) => ({
  names: Object.entries(vhosts)
    .map(([name, service]) => `${name}=${service}`)
    .join(','),
  stop_seconds: drain_seconds + 30,
});
