/**
 * The life of a model version in a service, from the moment that it is wanted:
 *
 *   state      what is true of it                                                leads on to
 *   fetching   its bundle is on the way from the registry                        fetched
 *   fetched    bundle and model are on this machine, digests as recorded         admitted
 *   admitted   there is memory for it beside all that serves                     checked
 *   checked    the bytes that its workers hold have the bundle's digest          loaded
 *   loaded     its workers have a model of the right shapes; they serve nobody   warmed
 *   warmed     they have run their smallest and their largest batch              verified
 *   verified   each has given the golden window's forecast                       serving
 *   serving    new requests come to it                                           draining
 *   draining   none come any more; it finishes what it has                       standby, serving
 *   standby    it has nothing to do; the version after it is on trial            released, serving
 *   released   its workers are gone: the end
 *   failed     a step before `serving` went wrong: the end; what served serves on
 */
export type VersionState =
  | 'fetching'
  | 'fetched'
  | 'admitted'
  | 'checked'
  | 'loaded'
  | 'warmed'
  | 'verified'
  | 'serving'
  | 'draining'
  | 'standby'
  | 'released'
  | 'failed';

export type VersionEvent =
  | 'fetched'
  | 'has_room'
  | 'digest_checked'
  | 'loaded'
  | 'warmed'
  | 'golden_replayed'
  | 'switched'
  | 'replaced'
  | 'drained'
  | 'released'
  | 'failed';

const TRANSITIONS: Readonly<Record<VersionState, Readonly<Partial<Record<VersionEvent, VersionState>>>>> = {
  fetching: { fetched: 'fetched', failed: 'failed' },
  fetched: { has_room: 'admitted', failed: 'failed' },
  admitted: { digest_checked: 'checked', failed: 'failed' },
  checked: { loaded: 'loaded', failed: 'failed' },
  loaded: { warmed: 'warmed', failed: 'failed' },
  warmed: { golden_replayed: 'verified', failed: 'failed' },
  verified: { switched: 'serving', failed: 'failed' },
  serving: { replaced: 'draining' },
  // A rollback may come before the old version has finished.
  draining: { drained: 'standby', switched: 'serving' },
  standby: { switched: 'serving', released: 'released' },
  released: {},
  failed: {},
};

/** The state after an event. Throws RangeError for one that cannot happen in the state: a step was left out. */
export function nextVersionState(state: VersionState, event: VersionEvent): VersionState {
  const next = TRANSITIONS[state][event];
  if (next === undefined) throw new RangeError(`a version that is ${state} cannot be ${event}`);
  return next;
}
