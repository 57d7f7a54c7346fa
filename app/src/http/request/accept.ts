/**
 * Whether the client prefers HTML to plain text, by its `Accept` header (RFC 9110, section 12.5.1).
 * Browsers name `text/html`; curl and probes accept anything and get plain text.
 */
export function prefersHtml(accept: string): boolean {
  if (accept === '*/*') return false;
  const qualities = new Map(accept.toLowerCase().split(',').map(readRange));
  return qualityOf(qualities, 'text/html') > qualityOf(qualities, 'text/plain');
}

/** `text/html;q=0.8` → ['text/html', 0.8]. */
function readRange(range: string): [string, number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return [type, quality === undefined ? 1 : Number(quality) || 0];
}

/** The quality of the most specific range; on a tie, the type that is named more specifically wins. */
function qualityOf(qualities: Map<string, number>, type: string): number {
  const ranges = [type, 'text/*', '*/*'];
  const at = ranges.findIndex((range) => qualities.has(range));
  const quality = qualities.get(ranges[at] ?? '') ?? 0;
  return quality > 0 ? quality - at / 10_000 : 0;
}
