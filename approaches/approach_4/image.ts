/** The parts of the name of an image, as the charts name them. */
export interface Image {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

/** The parts of `registry:5000/theapp@sha256:…`. */
export function partsOf(image: string): Image {
  const [, registry = '', repository = '', digest = ''] = /^([^/]+)\/([^@]+)@(.+)$/.exec(image) ?? [];
  return { registry, repository, digest };
}

export const nameOf = ({ registry, repository, digest }: Image): string =>
  `${registry}/${repository}@${digest}`;
