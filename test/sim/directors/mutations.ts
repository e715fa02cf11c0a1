/** Broken directors: each the shipping one with one rule taken out. The simulation must notice every one. */

import { GroupKeeper } from '../../../src/vrrp/group-keeper.js'
import { decodeHandover, encodeHandover } from '../../../src/vrrp/handover-message.js'
import { Handovers } from '../../../src/vrrp/handovers.js'
import type { Event, RouterParams } from '../../../src/vrrp/state.js'
import { VirtualRouter } from '../../../src/vrrp/virtual-router.js'

/** Takes the rule out, and returns what puts it back. */
export type PairMutation = () => () => void

function replaced<T extends object, K extends keyof T>(
  target: T,
  key: K,
  make: (original: T[K]) => T[K],
): () => void {
  const original = target[key]
  target[key] = make(original)
  return () => {
    target[key] = original
  }
}

/** Each router sees another event than the one that happened; undefined: none. */
const hearing =
  (change: (event: Event, router: VirtualRouter) => Event | undefined): PairMutation =>
  () =>
    replaced(
      VirtualRouter.prototype,
      'handle',
      (handle) =>
        function (this: VirtualRouter, event) {
          const heard = change(event, this)
          if (heard) handle.call(this, heard)
        },
    )

const deafTo = (deaf: (event: Event, router: VirtualRouter) => boolean): PairMutation =>
  hearing((event, router) => (deaf(event, router) ? undefined : event))

/** Each router runs with other settings than it was given. */
const withParams =
  (change: (params: RouterParams) => RouterParams): PairMutation =>
  () => {
    const undo = [
      replaced(
        VirtualRouter.prototype,
        'setParams',
        (setParams) =>
          function (this: VirtualRouter, params) {
            setParams.call(this, change(params))
          },
      ),
      replaced(
        VirtualRouter.prototype,
        'reconfigure',
        (reconfigure) =>
          function (this: VirtualRouter, config, params) {
            reconfigure.call(this, config, change(params))
          },
      ),
    ]
    return () => {
      for (const back of undo) back()
    }
  }

export const pairMutations: Readonly<Record<string, PairMutation>> = {
  'a group is not settled': () => replaced(GroupKeeper.prototype, 'settle', () => () => {}),
  'each router of a group goes on its own': withParams(({ grouped: _, ...others }) => others),
  'a group that loses a router keeps the others': deafTo(({ type }) => type === 'groupStepDown'),
  'a handover releases before the peer is there': () =>
    replaced(
      VirtualRouter.prototype,
      'handle',
      (handle) =>
        function (this: VirtualRouter, event) {
          handle.call(this, event)
          if (event.type === 'handingOver' && event.to !== undefined)
            handle.call(this, { type: 'handedOver', to: event.to, stay: false })
        },
    ),
  'a handover never releases': deafTo(({ type }) => type === 'handedOver'),
  'a handover is never given up': () => replaced(Handovers.prototype, 'onDeadline', () => () => {}),
  'a handover that was given up is not forgotten': deafTo(
    (event) => event.type === 'handingOver' && event.to === undefined,
  ),
  'a late answer is not answered': () =>
    replaced(
      Handovers.prototype,
      'receive',
      (receive) =>
        function (this: Handovers, bytes) {
          return decodeHandover(bytes)?.type === 'released' ? true : receive.call(this, bytes)
        },
    ),
  'a handover goes to whoever is not ready': () =>
    replaced(
      Handovers.prototype,
      'receive',
      (receive) =>
        function (this: Handovers, bytes) {
          const message = decodeHandover(bytes)
          return receive.call(
            this,
            message?.type === 'request' ? encodeHandover({ ...message, force: true }) : bytes,
          )
        },
    ),
  'a handover to stay does not last': hearing((event) =>
    event.type === 'handedOver' ? { ...event, stay: false } : event,
  ),
  'a request to take over is not believed': deafTo(({ type }) => type === 'takeOverAsked'),
  'maintenance ignored': deafTo((event) => event.type === 'maintenance' && event.reason !== undefined),
  'maintenance forgotten by a restart': deafTo(
    (event, { started }) => event.type === 'maintenance' && !started,
  ),
  'hold-down off': withParams(({ holdDown: _, ...others }) => others),
  'adoption without listening': hearing((event) =>
    event.type === 'startup' && event.adoptAfter !== undefined
      ? { ...event, adoptAfter: 0 as typeof event.adoptAfter }
      : event,
  ),
  'nothing is adopted': hearing((event) => {
    if (event.type !== 'startup') return event
    const { adoptAfter: _, ...others } = event
    return others
  }),
  'second opinion ignored': deafTo(({ type }) => type === 'peerReported'),
  'an Active ignores who is Active beyond the cut': deafTo(
    ({ type }, { state }) => type === 'peerReported' && state.name === 'active',
  ),
  'preempts without the sessions': withParams((params) => ({
    ...params,
    preempt: params.preempt === 'when_synced' ? 'always' : params.preempt,
  })),
  'lease of a reload dropped': () =>
    replaced(
      VirtualRouter.prototype,
      'reconfigure',
      (reconfigure) =>
        function (this: VirtualRouter, config, params) {
          const { lease } = this.config
          reconfigure.call(this, { ...config, lease }, { ...params, lease })
        },
    ),
  'new addresses of a reload not claimed': hearing((event) =>
    event.type === 'parametersChanged' ? { type: 'parametersChanged' } : event,
  ),
  'a reload elects again': hearing((event) =>
    event.type === 'parametersChanged' ? { type: 'groupStepDown', reason: 'reload' } : event,
  ),
}
