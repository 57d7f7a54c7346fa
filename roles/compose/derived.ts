import type { Vars } from './vars.ts';

/** What .env has in one line, or is worked out from other variables. */
export const derived = ({ vhosts, drain_seconds }: Pick<Vars, 'vhosts' | 'drain_seconds'>) => ({
  names: Object.entries(vhosts)
    .map(([name, service]) => `${name}=${service}`)
    .join(','),
  stop_seconds: drain_seconds + 30,
});
