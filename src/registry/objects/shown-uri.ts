const SHOWN_MAX = 200;

/** A URI of others as messages may show it: no user or password, no query or fragment (signatures), not endless. */
export function shownUri(uri: string): string {
  return uri
    .replace(/[?#].*$/s, '')
    .replace(/\/\/[^/]*@/, '//')
    .slice(0, SHOWN_MAX);
}
