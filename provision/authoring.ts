/** The public API for authors of resources, in addition to `index.ts`: probes, their output, and changes. */
export {
  type Batch,
  batched,
  type Change,
  type Probe,
  type Resource,
} from './language/resource.ts';
export { uploading } from './resources/artefact.ts';
export { write } from './resources/draft.ts';
export type { Seen } from './shell/exchange.ts';
