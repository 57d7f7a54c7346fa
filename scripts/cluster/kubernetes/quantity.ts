/** The factors of Kubernetes' quantities (kubernetes.io: "Quantity"). */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** CPUs or bytes, of a quantity such as `250m` or `1843Mi`; undefined if it is not one. */
export function amountOf(quantity: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^([\d.]+(?:e\d+)?)(\w*)$/.exec(quantity ?? '') ?? [];
  const factor = factors[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
