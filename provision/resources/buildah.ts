import { digestOf, pushed } from './buildah/image.ts';

/** Images in a registry, built by buildah(1) on a host without Docker. */
export const buildah = { image: Object.assign(pushed, { digestOf }) };
