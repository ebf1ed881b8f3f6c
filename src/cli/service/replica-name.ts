import { randomBytes } from 'node:crypto';

/**
 * The name of this replica: as configured, else `r-` and eight hex digits, new at each start. Never the host's name: the
 * replica's name leaves with every reply and stands in run bundles, which people hand around.
 */
export function replicaName(configured: string): string {
  return configured === '' ? `r-${randomBytes(4).toString('hex')}` : configured;
}
