import type { Host } from '../../../provision/index.ts';
import type { Sessions } from '../sessions.ts';
import { probe } from './probe.ts';
import { stateOf } from './state.ts';
import { textOf } from './text.ts';

/** What `npm run status` shows of a cluster at one moment. */
export interface View {
  readonly state: { readonly healthy: boolean; readonly problems: readonly string[] };
  readonly text: string;
}

/** A Docker Swarm. @throws ProvisionError if no manager answers */
export async function swarmView(hosts: readonly Host[], sessions: Sessions): Promise<View> {
  const state = stateOf(await probe(hosts, sessions), Date.now());
  return { state, text: textOf(state) };
}
