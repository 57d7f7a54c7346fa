import type { Host } from '../../../provision/index.ts';
import type { Sessions } from '../sessions.ts';
import type { View } from '../status/view.ts';
import { probe } from './probe.ts';
import { stateOf } from './state.ts';
import { textOf } from './text.ts';

/** A Kubernetes cluster, with these environments. @throws ProvisionError if no control plane answers */
export async function kubernetesView(
  hosts: readonly Host[],
  sessions: Sessions,
  environments: readonly string[],
): Promise<View> {
  const snapshot = await probe(hosts, sessions);
  const now = Date.now();
  const state = stateOf(snapshot, now, environments);
  return { state, text: textOf(state, now) };
}
